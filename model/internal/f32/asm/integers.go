package main

// affineIntegers adds one panel of bytes, times a frame of 16-bit integers of so large a
// step, to y. Sums are 32-bit integers for a group of 32 columns, and float32s then. Two
// columns are multiplied together, so that 32 weights take ten instructions, where as
// float32s they take sixteen. It is for AVX2 alone: AVX-512 has it in an extension.
//
//	w ─▶ k=0: [row 0 .. 15] ─┬─▶ rows 0..3 of both, rows 8..11 of both  ─┬─ * [x0 x1 x0 x1 ..]
//	     k=1: [row 0 .. 15] ─┘   rows 4..7 of both, rows 12..15 of both ─┘
func affineIntegers(s set) *kernel {
	k := s.kernel("affineIntegers", "y *float32, w *int8, x *int16, scales *float32, cols int, step float32")
	y, w, x, scales, cols := k.arg("y"), k.arg("w"), k.arg("x"), k.arg("scales"), k.arg("cols")
	left := k.register("columns left of the group")
	total, sum, factor := k.vectors("sums", 2), k.vectors("sums of the group", 2), k.vectors("x[k], x[k+1]", 2)
	v, zero := k.vectors("weights", 8), k.vector("0")
	k.zero(total...)
	k.zero(zero)
	// multiply adds the products of two columns, which are in v.
	multiply := func(factor reg, v []reg) {
		k.op("VPUNPCKLWD", v[1], v[0], v[2])
		k.op("VPUNPCKHWD", v[1], v[0], v[3])
		for half := range 2 {
			k.op("VPMADDWD", factor, v[2+half], v[2+half])
			k.op("VPADDD", v[2+half], sum[half], sum[half])
		}
	}
	k.label("group")
	k.zero(sum...)
	k.group(cols, left)
	k.op("SUBQ", 4, left)
	k.op("JLT", "rest")
	k.label("four")
	for c := range 2 {
		v := v[4*c:]
		k.op("VPBROADCASTD", x.at(4*c), factor[c])
		k.op("VPMOVSXBW", w.at(2*c*16), v[0])
		k.op("VPMOVSXBW", w.at((2*c+1)*16), v[1])
		multiply(factor[c], v)
	}
	k.ahead([]reg{w}, 4*16, true)
	k.op("ADDQ", 4*2, x)
	k.op("SUBQ", 4, left)
	k.op("JGE", "four")
	k.label("rest")
	k.op("ADDQ", 4, left)
	k.op("JEQ", "scale")
	k.label("one")
	k.op("VPBROADCASTW", x.at(0), factor[0])
	k.op("VPMOVSXBW", w.at(0), v[0])
	multiply(factor[0], []reg{v[0], zero, v[2], v[3]})
	k.op("ADDQ", 16, w)
	k.op("ADDQ", 2, x)
	k.op("DECQ", left)
	k.op("JNE", "one")

	k.label("scale")
	k.op("VPERM2I128", 0x20, sum[1], sum[0], v[0]) // rows 0..7
	k.op("VPERM2I128", 0x31, sum[1], sum[0], v[1]) // rows 8..15
	for half := range 2 {
		k.op("VCVTDQ2PS", v[half], v[half])
		k.op("VFMADD231PS", scales.at(half*k.bytes), v[half], total[half])
	}
	k.op("ADDQ", 2*k.bytes, scales)
	k.op("TESTQ", cols, cols)
	k.op("JNE", "group")
	k.op("VBROADCASTSS", k.param("step"), factor[0])
	for half, r := range total {
		k.op("VFMADD213PS", y.at(half*k.bytes), factor[0], r)
	}
	k.store(y.at(0), total...)
	return k
}
