package main

// affine multiplies one weight vector with the frame. A panel is two vectors
// wide:
//
//	weights ─▶ k=0: [row 0 ..][.. row 15 or 31]   a register each
//	           k=1: [row 0 ..][.. row 15 or 31]
//	           ...
//
// Each column is multiplied by one broadcast x[k]. Eight chains of sums, enough to
// hide their latency, are those of four panels: so four streams are read at a time,
// and memory is asked for more than one of them could. The panels that are left
// go one by one, four columns of each in flight with sums of their own.
func affine(s set) *kernel {
	k := s.kernel("affine", "y, w, x, init *float32, cols, panels, pitch int, lo, hi float32")
	y, w, x, init := k.arg("y"), k.arg("w"), k.arg("x"), k.arg("init")
	cols, panels, pitch := k.arg("cols"), k.arg("panels"), k.arg("pitch")
	stream := []reg{k.register("weights"), k.register("of the second"), k.register("third"), k.register("fourth panel")}
	entry, left := k.register("x[k]"), k.register("columns left")
	sum, factor := k.vectors("sums of four panels, or of columns 0..3 mod 4", 8), k.vectors("x[k]", 4)
	lo, hi := k.spread("lo"), k.spread("hi")

	// finish stores the sums of some panels and goes on to the next.
	finish := func(sum []reg) {
		k.clamp(lo, hi, sum...)
		k.store(y.at(0), sum...)
		k.op("ADDQ", len(sum)*k.bytes, y)
	}
	begin := func(sum []reg, label string) {
		k.op("MOVQ", x, entry)
		k.op("MOVQ", cols, left)
		k.zero(sum...)
		k.op("TESTQ", init, init)
		k.op("JEQ", label)
		k.load(init.at(0), sum...)
		k.op("ADDQ", len(sum)*k.bytes, init)
		k.label(label)
	}

	k.op("SUBQ", 4, panels)
	k.op("JLT", "panels")
	k.label("fourPanels")
	for p, weights := range stream {
		if p == 0 {
			k.op("MOVQ", w, weights)
		} else {
			k.op("LEAQ", stream[p-1].at(0).by(pitch, 1), weights)
		}
	}
	begin(sum, "fourSums")
	// The prefetch is our own, since the hardware's stops at every page of 4 KB,
	// and a panel crosses one each 64 (32) columns.
	const ahead = 2048
	columns := func(n int) {
		for c := range n {
			k.op("VBROADCASTSS", entry.at(4*c), factor[c])
			for p, weights := range stream {
				at := weights.at(2 * c * k.bytes)
				for line := 0; line < 2*k.bytes && n > 1; line += 64 {
					k.op("PREFETCHT0", at.plus(ahead+line))
				}
				k.op("VFMADD231PS", at, factor[c], sum[2*p])
				k.op("VFMADD231PS", at.plus(k.bytes), factor[c], sum[2*p+1])
			}
		}
		k.op("ADDQ", 4*n, entry)
		for _, weights := range stream {
			k.op("ADDQ", n*2*k.bytes, weights)
		}
	}
	k.op("SUBQ", 2, left)
	k.op("JLT", "odd")
	k.label("two")
	columns(2)
	k.op("SUBQ", 2, left)
	k.op("JGE", "two")
	k.label("odd")
	k.op("ADDQ", 2, left)
	k.op("JEQ", "storeFour")
	columns(1)
	k.label("storeFour")
	finish(sum)
	k.op("LEAQ", w.at(0).by(pitch, 4), w)
	k.op("SUBQ", 4, panels)
	k.op("JGE", "fourPanels")

	k.label("panels")
	k.op("ADDQ", 4, panels)
	k.op("JEQ", "done")
	weights := stream[0]
	k.label("panel")
	k.op("MOVQ", w, weights)
	begin(sum[:2], "sums")
	k.zero(sum[2:]...)
	k.op("SUBQ", 4, left)
	k.op("JLT", "rest")
	column := func(c int) {
		k.op("VBROADCASTSS", entry.at(4*c), factor[c])
		for half := range 2 {
			k.op("VFMADD231PS", weights.at((2*c+half)*k.bytes), factor[c], sum[2*c+half])
		}
	}
	k.label("four")
	for c := range 4 {
		for line := 0; line < 2*k.bytes; line += 64 {
			k.op("PREFETCHT0", weights.at(2*ahead+2*c*k.bytes+line))
		}
		column(c)
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
	finish(sum[:2])
	k.op("ADDQ", pitch, w)
	k.op("DECQ", panels)
	k.op("JNE", "panel")
	k.label("done")
	return k
}
