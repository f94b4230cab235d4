package main

import "fmt"

// tile is the matrix product's register tile: some rows of a panel times some
// vectors of columns of B, summed over k columns of W. With three vectors it fills
// the registers; with fewer it is for the last columns. A call goes through strips of
// rows, one below the other (see f32's strips).
//
//	             b ─▶ [column 0][column 1][column 2]   one step after the other
//	w ─▶ weight 0      sum 0     sum 1     sum 2
//	     weight 1      sum 3     sum 4     sum 5       rows of C, ldc apart
//	     ...           ...
//
// Eight chains hide the latency. Where there are but four, even and odd steps
// take turns, each with their own sums. Sums that go on from what is in C begin with 0
// all the same, and it is added to them at the end: short sums have small errors, and so
// has the sum of them (Higham, "Accuracy and Stability of Numerical Algorithms", 4.2).
// Before each strip some rows of what is packed next are fetched. AVX-512 leaves out
// the columns of the last vector that C does not have.
func tile(s set, rows, vectors int) *kernel {
	k := s.kernel(fmt.Sprint("strips", vectors*s.lanes), "s *strips")
	turns := max(1, 8/(rows*vectors))
	of := k.arg("s")
	field := func(name string, r reg) reg {
		k.op("MOVQ", fmt.Sprintf("strips_%s(%s)", name, of), r)
		return r
	}
	c, ldc := field("c", k.register("c")), field("ldc", k.register("bytes between rows of C"))
	strip, first := field("w", k.register("weights of the strip")), field("b", k.register("b"))
	bias, ldb := field("init", k.register("bias")), field("ldb", k.register("bytes between rows of B"))
	count := field("count", k.register("strips left"))
	w, b, left := k.register("weights"), k.register("row of B"), k.register("steps left")
	lane := k.register("bytes of the strip in its panel")
	ahead := field("pitch", k.register("bytes from weights to what is fetched ahead"))
	sum, columns := k.vectors("sums", turns*rows*vectors), k.vectors("columns of B, then lo", vectors)
	weights := k.vectors("weights, then hi", min(3, k.registers-k.used))
	sums := func(row int) []reg { return sum[row*vectors:][:vectors] }
	even, odd := sum[:rows*vectors], sum[rows*vectors:]
	k.op("SHLQ", 2, ldc)
	k.op("SHLQ", 2, ldb)
	k.op("SHLQ", 2, ahead)
	k.op("XORL", lane, lane)
	const columnsOfC = "K1"
	if s == avx512 {
		k.op("KMOVW", fmt.Sprintf("strips_mask(%s)", of), columnsOfC)
	}

	// fetch fetches rows of a tile of C, so many bytes behind where w is.
	fetch := func(behind int) {
		for range rows {
			for line := 0; line < vectors*k.bytes; line += 64 {
				k.op("PREFETCHT0", w.at(behind+line))
			}
			k.op("ADDQ", ldc, w)
		}
	}

	k.label("strip")
	field("fetch", left)
	k.op("TESTQ", left, left)
	k.op("JEQ", "fetched")
	field("ahead", b)
	field("ldbAhead", w)
	k.label("fetch")
	for line := 0; line < vectors*k.bytes; line += 64 {
		k.op("PREFETCHT1", b.at(line))
	}
	k.op("ADDQ", w, b)
	k.op("DECQ", left)
	k.op("JNE", "fetch")
	k.op("MOVQ", b, fmt.Sprintf("strips_ahead(%s)", of))
	k.label("fetched")
	k.zero(odd...)
	k.op("CMPB", fmt.Sprintf("strips_resume(%s)", of), 0)
	k.op("JEQ", "begin")
	field("apart", w)
	k.op("ADDQ", c, w)
	fetch(0) // what it goes on from, which is long gone from the cache

	k.label("begin")
	if s == avx2 && vectors == 3 { // where it was measured to pay: of the next tile of C, which nobody has written for long
		k.op("MOVQ", c, w)
		fetch(vectors * k.bytes)
	}
	k.op("TESTQ", bias, bias)
	k.op("JNE", "bias")
	k.zero(even...)
	k.op("JMP", "begun")

	k.label("bias")
	for row := range rows {
		sums := sums(row)
		k.op("VBROADCASTSS", bias.at(4*row), sums[0])
		for _, sum := range sums[1:] {
			k.op("VMOVAPS", sums[0], sum)
		}
	}
	k.op("ADDQ", 4*rows, bias)

	k.label("begun")
	k.op("MOVQ", strip, w)
	k.op("MOVQ", first, b)
	field("k", left)
	steps := func(n int) {
		if n == 2 {
			k.op("PREFETCHT1", w.at(0).by(ahead, 1))
		}
		for step := range n {
			turn := step % turns
			if step%2 == 0 {
				k.load(b.at(0), columns...)
			} else {
				k.load(b.at(0).by(ldb, 1), columns...)
			}
			for row := range rows {
				k.accumulate(sums(turn*rows+row), columns, w.at(step*2*k.bytes+4*row), weights[row%len(weights)])
			}
		}
		k.op("LEAQ", b.at(0).by(ldb, n), b)
		k.op("ADDQ", n*2*k.bytes, w)
	}
	k.op("DECQ", left) // 0 when one step is left
	k.op("JLE", "last")
	k.label("two")
	steps(2)
	k.op("SUBQ", 2, left)
	k.op("JGT", "two")
	k.label("last")
	k.op("JNE", "bound") // by DECQ or SUBQ
	steps(1)

	// eachRow does what is done with a row of C for those that C has: all, except
	// in a last strip.
	eachRow := func(at reg, rest string, do func(sums []reg)) {
		field("high", left)
		for row := range rows {
			do(sums(row))
			k.op("ADDQ", ldc, at)
			if row < rows-1 {
				k.op("DECQ", left)
				k.op("JEQ", rest)
			}
		}
	}

	k.label("bound")
	for i, sum := range odd {
		k.op("VADDPS", sum, even[i], even[i])
	}
	k.op("CMPB", fmt.Sprintf("strips_resume(%s)", of), 0)
	k.op("JEQ", "resumed")
	field("apart", w)
	k.op("ADDQ", c, w)
	eachRow(w, "resumed", func(sums []reg) {
		for i, sum := range sums {
			if s == avx512 && i == vectors-1 {
				k.op("VADDPS", w.at(i*k.bytes), sum, columnsOfC, sum)
			} else {
				k.op("VADDPS", w.at(i*k.bytes), sum, sum)
			}
		}
	})

	k.label("resumed")
	lo, hi := columns[0], weights[0]
	k.op("VBROADCASTSS", fmt.Sprintf("strips_lo(%s)", of), lo)
	k.op("VBROADCASTSS", fmt.Sprintf("strips_hi(%s)", of), hi)
	eachRow(c, "done", func(sums []reg) {
		k.clamp(lo, hi, sums...)
		if last := vectors - 1; s == avx512 {
			k.store(c.at(0), sums[:last]...)
			k.storeMasked(c.at(last*k.bytes), columnsOfC, sums[last])
		} else {
			k.store(c.at(0), sums...)
		}
	})

	// The next strip is in the same panel, or is the first one of the next.
	k.op("ADDQ", 4*rows, strip)
	k.op("ADDQ", 4*rows, lane)
	k.op("ADDQ", 4*rows, ahead)
	k.op("CMPQ", lane, 2*k.bytes)
	k.op("JNE", "same")
	k.op("SUBQ", lane, ahead)
	k.op("SUBQ", lane, strip)
	k.op("XORL", lane, lane)
	k.op("ADDQ", ahead, strip)
	k.label("same")
	k.op("DECQ", count)
	k.op("JNE", "strip")
	k.label("done")
	return k
}
