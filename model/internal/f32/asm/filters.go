package main

import "fmt"

// filters is 4 (AVX-512: 8) filters at some vectors of places at a time, summed
// over the taps of the filters, whose inputs lie in memory as they came.
//
//	            x ─▶ [inputs 0][inputs 1][inputs 2]   of one tap after the other
//	w ─▶ weight 0     sum 0     sum 1     sum 2
//	     weight 1     sum 3     sum 4     sum 5       rows of y, pitch apart
//	     ...          ...
func filters(s set) *kernel {
	k := s.kernel("filters", "c *filtersCall")
	rows, vectors := s.registers/4, filterVectors[s]
	of := k.arg("c")
	field := func(name, what string) reg {
		r := k.register(what)
		k.op("MOVQ", fmt.Sprintf("filtersCall_%s(%s)", name, of), r)
		return r
	}
	y, x, first, steps := field("y", "y"), field("x", "inputs"), field("w", "weights of the first tap"), field("steps", "steps")
	bias, tiles, pitch := field("bias", "bias"), field("tiles", "tiles left"), field("pitch", "bytes between rows of y")
	w, step, left := k.register("weights"), k.register("step to the next tap"), k.register("taps left, then row of y")
	sums, inputs := k.vectors("sums", rows*vectors), k.vectors("inputs, then lo and hi", max(2, vectors))
	weight := k.vector("weight")

	k.label("tile")
	for row := range rows {
		first := sums[row*vectors]
		k.op("VBROADCASTSS", bias.at(4*row), first)
		for _, sum := range sums[row*vectors+1:][:vectors-1] {
			k.op("VMOVAPS", first, sum)
		}
	}
	k.op("MOVQ", first, w)
	k.op("MOVQ", steps, step)
	k.op("MOVQ", fmt.Sprintf("filtersCall_taps(%s)", of), left)

	k.label("tap")
	k.load(x.at(0), inputs[:vectors]...)
	for row := range rows {
		k.accumulate(sums[row*vectors:][:vectors], inputs, w.at(4*row), weight)
	}
	k.op("ADDQ", step.at(0), x)
	k.op("ADDQ", 8, step)
	k.op("ADDQ", 4*rows, w)
	k.op("DECQ", left)
	k.op("JNE", "tap")

	k.op("VBROADCASTSS", fmt.Sprintf("filtersCall_lo(%s)", of), inputs[0])
	k.op("VBROADCASTSS", fmt.Sprintf("filtersCall_hi(%s)", of), inputs[1])
	k.clamp(inputs[0], inputs[1], sums...)
	k.op("MOVQ", y, left)
	for row := range rows {
		k.store(left.at(0), sums[row*vectors:][:vectors]...)
		k.op("ADDQ", pitch, left)
	}
	k.op("ADDQ", vectors*k.bytes, y)
	k.op("DECQ", tiles)
	k.op("JNE", "tile")
	return k
}

// filterVectors keep what is computed in vain at the end of small planes small.
var filterVectors = map[set]int{avx2: 3, avx512: 2}
