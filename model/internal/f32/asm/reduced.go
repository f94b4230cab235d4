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

	k.label("group")
	k.load(scales.at(0), scale...)
	k.op("ADDQ", 2*k.bytes, scales)
	k.group(cols, left)
	k.columns(2, left, func(c int) {
		for half := range 2 {
			r := v[2*c+half]
			k.op("VPMOVSXBD", src.at((2*c+half)*k.lanes), r)
			k.op("VCVTDQ2PS", r, r)
			k.op("VMULPS", scale[half], r, r)
		}
		k.store(dst.at(2*c*k.bytes), v[2*c:][:2]...)
	}, func(columns int) {
		k.op("ADDQ", columns*2*k.lanes, src)
		k.op("ADDQ", columns*2*k.bytes, dst)
	})
	k.op("TESTQ", cols, cols)
	k.op("JNE", "group")
	return k
}

// affineHalf multiplies one panel of half-precision weights with the frame, as
// affine does.
func affineHalf(s set) *kernel {
	k := s.kernel("affineHalf", "y *float32, w *uint16, x *float32, cols int")
	y, w, x, cols := k.arg("y"), k.arg("w"), k.arg("x"), k.arg("cols")
	sum, factor, v := k.vectors("sums of columns 0..3 mod 4", 8), k.vectors("x[k]", 2), k.vectors("weights", 4)
	k.zero(sum...)
	k.columns(4, cols, func(c int) {
		k.op("VBROADCASTSS", x.at(4*c), factor[c%2])
		for half := range 2 {
			r := v[2*(c%2)+half]
			k.op("VCVTPH2PS", w.at((2*c+half)*k.bytes/2), r)
			k.op("VFMADD231PS", r, factor[c%2], sum[2*c+half])
		}
	}, func(columns int) {
		k.ahead([]reg{w}, columns*k.bytes, columns > 1)
		k.op("ADDQ", 4*columns, x)
	})
	k.together(sum)
	k.store(y.at(0), sum[:2]...)
	return k
}

// affineBytes is the same for bytes, whose sums are scaled group by group.
func affineBytes(s set) *kernel {
	k := s.kernel("affineBytes", "y *float32, w *int8, x, scales *float32, cols int")
	y, w, x, scales, cols := k.arg("y"), k.arg("w"), k.arg("x"), k.arg("scales"), k.arg("cols")
	left := k.register("columns left of the group")
	total, sum, factor, v := k.vectors("sums", 2), k.vectors("sums of columns 0..3 mod 4", 8), k.vectors("x[k]", 2), k.vectors("weights", 4)
	k.zero(total...)
	k.label("group")
	k.zero(sum...)
	k.group(cols, left)
	k.columns(4, left, func(c int) {
		k.op("VBROADCASTSS", x.at(4*c), factor[c%2])
		for half := range 2 {
			r := v[2*(c%2)+half]
			k.op("VPMOVSXBD", w.at((2*c+half)*k.lanes), r)
			k.op("VCVTDQ2PS", r, r)
			k.op("VFMADD231PS", r, factor[c%2], sum[2*c+half])
		}
	}, func(columns int) {
		k.ahead([]reg{w}, columns*2*k.lanes, columns > 1)
		k.op("ADDQ", 4*columns, x)
	})
	k.together(sum)
	for half := range 2 {
		k.op("VFMADD231PS", scales.at(half*k.bytes), sum[half], total[half])
	}
	k.op("ADDQ", 2*k.bytes, scales)
	k.op("TESTQ", cols, cols)
	k.op("JNE", "group")
	k.store(y.at(0), total...)
	return k
}

// halfPanels is affineHalf for four panels, pitch bytes apart, which stores sums of
// all: memory is asked for more than one stream could.
func halfPanels(s set) *kernel {
	k := s.kernel("halfPanels", "y *float32, w *uint16, x *float32, cols, pitch int")
	y, w, x, cols, pitch := k.arg("y"), k.arg("w"), k.arg("x"), k.arg("cols"), k.arg("pitch")
	stream := k.streams(4, w, pitch)
	sum, factor, v := k.vectors("sums of each panel", 8), k.vectors("x[k]", 2), k.vectors("weights", 4)
	k.zero(sum...)
	k.columns(2, cols, func(c int) {
		k.op("VBROADCASTSS", x.at(4*c), factor[c])
		for p, weights := range stream {
			for half := range 2 {
				r := v[2*(p%2)+half]
				k.op("VCVTPH2PS", weights.at((2*c+half)*k.bytes/2), r)
				k.op("VFMADD231PS", r, factor[c], sum[2*p+half])
			}
		}
	}, func(columns int) {
		k.ahead(stream, columns*k.bytes, columns > 1)
		k.op("ADDQ", 4*columns, x)
	})
	k.store(y.at(0), sum...)
	return k
}

// bytePanels is the same for bytes.
func bytePanels(s set) *kernel {
	k := s.kernel("bytePanels", "y *float32, w *int8, x, scales *float32, cols, pitch, scalePitch int")
	w, x, scales, cols := k.arg("w"), k.arg("x"), k.arg("scales"), k.arg("cols")
	left, pitch := k.register("columns left of the group"), k.arg("pitch")
	stream := k.streams(4, w, pitch)
	k.op("MOVQ", k.param("scalePitch"), pitch)
	scale := k.streams(len(stream), scales, pitch)
	n := 2 * len(stream)
	total, sum, factor, v := k.vectors("sums of each panel", n), k.vectors("sums of the group", n), k.vector("x[k]"), k.vectors("weights", 2)
	k.zero(total...)
	k.label("group")
	k.zero(sum...)
	k.group(cols, left)
	k.columns(4, left, func(c int) {
		k.op("VBROADCASTSS", x.at(4*c), factor)
		for p, weights := range stream {
			for half, r := range v {
				k.op("VPMOVSXBD", weights.at((2*c+half)*k.lanes), r)
				k.op("VCVTDQ2PS", r, r)
				k.op("VFMADD231PS", r, factor, sum[2*p+half])
			}
		}
	}, func(columns int) {
		k.ahead(stream, columns*2*k.lanes, columns > 1)
		k.op("ADDQ", 4*columns, x)
	})
	for p, of := range scale {
		for half := range 2 {
			k.op("VFMADD231PS", of.at(half*k.bytes), sum[2*p+half], total[2*p+half])
		}
		k.op("ADDQ", 2*k.bytes, of)
	}
	k.op("TESTQ", cols, cols)
	k.op("JNE", "group")
	k.op("MOVQ", k.param("y"), x)
	k.store(x.at(0), total...)
	return k
}

// streams are addresses of n panels, the first one's and those that follow pitch apart.
func (k *kernel) streams(n int, first, pitch reg) []reg {
	all := []reg{first}
	for len(all) < n {
		next := k.register("the next panel's " + string(first))
		k.op("LEAQ", all[len(all)-1].at(0).by(pitch, 1), next)
		all = append(all, next)
	}
	return all
}

// ahead moves streams on by so many bytes, and asks for what they come to later: of one stream
// alone for twice as much.
func (k *kernel) ahead(stream []reg, bytes int, ask bool) {
	far := 2048
	if len(stream) == 1 {
		far = 4096
	}
	for _, at := range stream {
		for line := 0; line < bytes && ask; line += 64 {
			k.op("PREFETCHT0", at.at(far+line))
		}
		k.op("ADDQ", bytes, at)
	}
}

// group takes the columns that have scales in common, 32 or what is left, from cols.
func (k *kernel) group(cols, left reg) {
	k.op("MOVQ", 32, left)
	k.op("CMPQ", cols, left)
	k.op("CMOVQLT", cols, left)
	k.op("SUBQ", left, cols)
}

// columns does so many columns, some at a time and one by one at the end.
func (k *kernel) columns(some int, count reg, column func(c int), advance func(columns int)) {
	k.op("SUBQ", some, count)
	k.op("JLT", "rest")
	k.label("some")
	for c := range some {
		column(c)
	}
	advance(some)
	k.op("SUBQ", some, count)
	k.op("JGE", "some")
	k.label("rest")
	k.op("ADDQ", some, count)
	k.op("JEQ", "done")
	k.label("one")
	column(0)
	advance(1)
	k.op("DECQ", count)
	k.op("JNE", "one")
	k.label("done")
}

// together adds the sums of four columns to those of the first.
func (k *kernel) together(sum []reg) {
	for _, add := range [][2]int{{2, 0}, {3, 1}, {6, 4}, {7, 5}, {4, 0}, {5, 1}} {
		k.op("VADDPS", sum[add[0]], sum[add[1]], sum[add[1]])
	}
}
