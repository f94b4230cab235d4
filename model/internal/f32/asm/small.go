package main

// expandHalf makes float32s of n half-precision numbers. n is a multiple of two
// vectors.
func expandHalf(s set) *kernel {
	k := s.kernel("expandHalf", "dst *float32, src *uint16, n int")
	dst, src, n := k.arg("dst"), k.arg("src"), k.arg("n")
	v := k.vectors("numbers", 2)

	k.label("two")
	k.op("PREFETCHT0", src.at(2048)) // the hardware's stops at every page
	for i, r := range v {
		k.op("VCVTPH2PS", src.at(i*k.bytes/2), r)
	}
	k.store(dst.at(0), v...)
	k.op("ADDQ", k.bytes, src)
	k.op("ADDQ", 2*k.bytes, dst)
	k.op("SUBQ", 2*k.lanes, n)
	k.op("JNE", "two")
	return k
}

// expandBytes makes float32s of some columns of a panel, two vectors wide, of
// bytes. Each group of 32 columns has scales of its own, one for each row.
//
//	scales ─▶ [row 0 ..][.. row 15 or 31]     for columns 0..31
//	          [row 0 ..][.. row 15 or 31]     for columns 32..63
func expandBytes(s set) *kernel {
	k := s.kernel("expandBytes", "dst *float32, src *int8, scales *float32, cols int")
	dst, src, scales, cols := k.arg("dst"), k.arg("src"), k.arg("scales"), k.arg("cols")
	left := k.register("columns left of the group")
	scale, v := k.vectors("scales", 2), k.vectors("numbers", 4)

	column := func(c int) {
		for half := range 2 {
			r := v[2*c+half]
			k.op("VPMOVSXBD", src.at((2*c+half)*k.lanes), r)
			k.op("VCVTDQ2PS", r, r)
			k.op("VMULPS", scale[half], r, r)
		}
		k.store(dst.at(2*c*k.bytes), v[2*c:][:2]...)
	}
	advance := func(columns int) {
		k.op("ADDQ", columns*2*k.lanes, src)
		k.op("ADDQ", columns*2*k.bytes, dst)
	}

	k.label("group")
	k.load(scales.at(0), scale...)
	k.op("ADDQ", 2*k.bytes, scales)
	k.op("MOVQ", 32, left)
	k.op("CMPQ", cols, left)
	k.op("CMOVQLT", cols, left)
	k.op("SUBQ", left, cols)
	k.op("SUBQ", 2, left)
	k.op("JLT", "one")

	k.label("two")
	k.op("PREFETCHT0", src.at(2048))
	column(0)
	column(1)
	advance(2)
	k.op("SUBQ", 2, left)
	k.op("JGE", "two")
	k.label("one")
	k.op("ADDQ", 2, left)
	k.op("JEQ", "next")
	column(0)
	advance(1)
	k.label("next")
	k.op("TESTQ", cols, cols)
	k.op("JNE", "group")
	return k
}
