package main

import "fmt"

// tile is the matrix product's register tile: 4 (AVX-512: 8) rows of a panel
// times some vectors of columns of B, summed over k columns of W. With three
// vectors it fills the registers; with one it is for the last columns.
//
//	             b ─▶ [column 0][column 1][column 2]   one step after the other
//	w ─▶ weight 0      sum 0     sum 1     sum 2
//	     weight 1      sum 3     sum 4     sum 5       rows of C, ldc apart
//	     ...           ...
//
// Eight chains hide the latency. Where there are but four, even and odd steps
// take turns, each with their own sums.
func tile(s set, vectors int) *kernel {
	k := s.kernel(fmt.Sprint("tile", vectors*s.lanes), "c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32")
	rows := s.registers / 4
	turns := max(1, 8/(rows*vectors))
	c, pitch, w, b, left := k.arg("c"), k.arg("ldc"), k.arg("w"), k.arg("b"), k.arg("k")
	sum, columns := k.vectors("sums", turns*rows*vectors), k.vectors("columns of B, then lo", vectors)
	weights := k.vectors("weights, then hi", min(3, k.registers-k.used))
	scratch := k.register("scratch")
	sums := func(row int) []reg { return sum[row*vectors:][:vectors] }
	even, odd := sum[:rows*vectors], sum[rows*vectors:]
	k.op("SHLQ", 2, pitch)

	k.zero(odd...)
	k.begin(even, scratch, func() {
		k.op("MOVQ", c, scratch)
		for row := range rows {
			k.load(scratch.at(0), sums(row)...)
			k.op("ADDQ", pitch, scratch)
		}
	}, func() {
		for row := range rows {
			sums := sums(row)
			k.op("VBROADCASTSS", scratch.at(4*row), sums[0])
			for _, sum := range sums[1:] {
				k.op("VMOVAPS", sums[0], sum)
			}
		}
	})

	steps := func(n int) {
		for turn := range n {
			k.load(b.at(turn*vectors*k.bytes), columns...)
			for row := range rows {
				k.accumulate(sums(turn*rows+row), columns, w.at(turn*2*k.bytes+4*row), weights[row%len(weights)])
			}
		}
		k.op("ADDQ", n*vectors*k.bytes, b)
		k.op("ADDQ", n*2*k.bytes, w)
	}
	if turns == 2 {
		k.op("DECQ", left) // 0 when one step is left
		k.op("JLE", "last")
	}
	k.label("step")
	steps(turns)
	k.op("SUBQ", turns, left)
	k.op("JGT", "step")
	if turns == 2 {
		k.label("last")
		k.op("JNE", "store") // by DECQ or SUBQ
		steps(1)
	}

	k.label("store")
	lo, hi := columns[0], weights[0]
	k.op("VBROADCASTSS", k.param("lo"), lo)
	k.op("VBROADCASTSS", k.param("hi"), hi)
	for i, sum := range odd {
		k.op("VADDPS", sum, even[i], even[i])
	}
	for row := range rows {
		k.clamp(lo, hi, sums(row)...)
		k.store(c.at(0), sums(row)...)
		k.op("ADDQ", pitch, c)
	}
	return k
}
