package main

import "fmt"

// batch multiplies one panel, two vectors wide, with several frames: each column
// of weights is loaded once and multiplied by that column's entry of every frame.
//
//	              frame 0  frame 1  ...
//	rows 0 ..      sum 0    sum 2         += weights 0 * broadcast x[frame][k]
//	rows 8|16 ..   sum 1    sum 3         += weights 1
func batch(s set, frames int) *kernel {
	k := s.kernel(fmt.Sprint("batch", frames), "y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32")
	y, w, row, column, left := k.arg("y"), k.arg("w"), k.arg("row"), k.arg("from"), k.arg("cols")
	sum, weights := k.vectors("sums", 2*frames), k.vectors("weights, bounds", 2)
	entry := k.vectors("x[k]", min(4, k.registers-k.used))
	scratch := k.register("scratch")
	k.op("MOVQ", k.param("x"), scratch)
	x := make([]reg, frames)
	for f := range x {
		x[f] = k.register(fmt.Sprint("x of frame ", f))
		k.op("MOVQ", scratch.at(8*f), x[f])
	}

	sums := func(f int) []reg { return sum[2*f : 2*f+2] }
	result := func(f int) mem {
		k.op("MOVQ", y.at(8*f), scratch)
		return scratch.at(0).by(row, 4)
	}
	k.begin(sum, scratch, func() {
		for f := range frames {
			k.load(result(f), sums(f)...)
		}
	}, func() {
		for f := range frames {
			k.load(scratch.at(0), sums(f)...)
		}
	})

	k.label("column")
	for line := 0; line < 2*k.bytes; line += 64 {
		k.op("PREFETCHT0", w.at(2048+line)) // see affine
	}
	k.load(w.at(0), weights...)
	for f := range frames {
		k.accumulate(sums(f), weights, x[f].at(0).by(column, 4), entry[f%len(entry)])
	}
	k.op("INCQ", column)
	k.op("ADDQ", 2*k.bytes, w)
	k.op("DECQ", left)
	k.op("JNE", "column")

	for i, bound := range []string{"lo", "hi"} {
		k.op("VBROADCASTSS", k.param(bound), weights[i])
	}
	for f := range frames {
		to := result(f)
		k.clamp(weights[0], weights[1], sums(f)...)
		k.store(to, sums(f)...)
	}
	return k
}
