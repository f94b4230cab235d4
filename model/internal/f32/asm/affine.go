package main

// affine multiplies one weight vector with the frame. A panel is two vectors
// wide:
//
//	weights ─▶ k=0: [row 0 ..][.. row 15 or 31]   a register each
//	           k=1: [row 0 ..][.. row 15 or 31]
//	           ...
//
// Each column is multiplied by one broadcast x[k]. Four columns in flight with
// their own sums keep eight FMA chains going, enough to hide their latency.
func affine(s set) *kernel {
	k := s.kernel("affine", "y, w, x, init *float32, cols, panels, pitch int, lo, hi float32")
	y, w, x, init := k.arg("y"), k.arg("w"), k.arg("x"), k.arg("init")
	cols, panels, pitch := k.arg("cols"), k.arg("panels"), k.arg("pitch")
	weights, entry, left := k.register("weights"), k.register("x[k]"), k.register("columns left")
	sum, factor := k.vectors("sums of columns 0..3 mod 4", 8), k.vectors("x[k]", 4)
	lo, hi := k.spread("lo"), k.spread("hi")

	k.label("panel")
	k.op("MOVQ", w, weights)
	k.op("MOVQ", x, entry)
	k.op("MOVQ", cols, left)
	k.zero(sum[:2]...)
	k.op("TESTQ", init, init)
	k.op("JEQ", "sums")
	k.load(init.at(0), sum[:2]...)
	k.op("ADDQ", 2*k.bytes, init)

	k.label("sums")
	k.zero(sum[2:]...)
	k.op("SUBQ", 4, left)
	k.op("JLT", "rest")

	column := func(c int) {
		k.op("VBROADCASTSS", entry.at(4*c), factor[c])
		for half := range 2 {
			k.op("VFMADD231PS", weights.at((2*c+half)*k.bytes), factor[c], sum[2*c+half])
		}
	}
	// The prefetch is our own, since the hardware's stops at every page of 4 KB,
	// and a panel crosses one each 64 (32) columns. A column of AVX-512 has two
	// lines, and asking for both at once is slower by 3 %.
	const ahead = 4096
	k.label("four")
	for c := range 4 {
		k.op("PREFETCHT0", weights.at(ahead+2*c*k.bytes))
		column(c)
		if k.set == avx512 {
			k.op("PREFETCHT0", weights.at(ahead+(2*c+1)*k.bytes))
		}
	}
	k.op("ADDQ", 4*4, entry)
	k.op("ADDQ", 4*2*k.bytes, weights)
	k.op("SUBQ", 4, left)
	k.op("JGE", "four")

	k.label("rest")
	k.op("ADDQ", 4, left)
	k.op("JEQ", "store")

	k.label("one")
	column(0)
	k.op("ADDQ", 4, entry)
	k.op("ADDQ", 2*k.bytes, weights)
	k.op("DECQ", left)
	k.op("JNE", "one")

	k.label("store")
	k.together(sum)
	k.clamp(lo, hi, sum[:2]...)
	k.store(y.at(0), sum[:2]...)
	k.op("ADDQ", 2*k.bytes, y)
	k.op("ADDQ", pitch, w)
	k.op("DECQ", panels)
	k.op("JNE", "panel")
	return k
}
