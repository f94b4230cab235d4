package main

// correlate sums windows that slide over a row. A tap is one weight for all of
// the results, and the inputs from its offset on.
func correlate(s set) *kernel {
	k := s.kernel("correlate", "y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32")
	w, weight := k.arg("w"), k.vector("weight")
	bias, lo, hi := k.spread("bias"), k.spread("lo"), k.spread("hi")
	k.slide(false, func(sum []reg) {
		for _, sum := range sum {
			k.op("VMOVAPS", bias, sum)
		}
	}, func(tap reg, x mem, sum []reg) {
		k.op("VBROADCASTSS", w.at(0).by(tap, 4), weight)
		for i, sum := range sum {
			k.op("VFMADD231PS", x.plus(i*k.bytes), weight, sum)
		}
	}, func(sum []reg) {
		k.clamp(lo, hi, sum...)
	})
	return k
}

// maximum is the largest of the inputs at the taps, or NaN where one of them is.
// VMAXPS forgets the NaN that it has when the next input is none, so where there
// was one is noted beside.
func maximum(s set) *kernel {
	k := s.kernel("maximum", "y, x *float32, off *int, taps, n int")
	input := k.vector("input")
	nan, found := k.lanesOf("a NaN so far", 4), k.lanesOf("one now", 1)[0]
	k.slide(true, func(most []reg) {
		for i, most := range most {
			k.op("VCMPPS", unordered, most, most, nan[i])
		}
	}, func(_ reg, x mem, most []reg) {
		for i, most := range most {
			k.load(x.plus(i*k.bytes), input)
			k.op("VCMPPS", unordered, input, input, found)
			k.op("VMAXPS", input, most, most)
			k.join(found, nan[i])
		}
	}, func(most []reg) {
		for i, most := range most {
			k.setOnes(nan[i], most)
		}
	})
	return k
}

// unordered is the comparison (VCMPPS) of a number with itself that only NaN
// passes.
const unordered = 3

// slide makes four vectors of results at a time while as many are left, then one
// at a time; n is a multiple of the lanes. Results, which may have the inputs of
// the first tap already, begin, take in each tap, and end.
func (k *kernel) slide(first bool, begin func(results []reg), take func(tap reg, x mem, results []reg), end func(results []reg)) {
	y, x, off, taps, left := k.arg("y"), k.arg("x"), k.arg("off"), k.arg("taps"), k.arg("n")
	tap, inputs := k.register("tap"), k.register("its inputs")
	four := k.vectors("results", 4)

	loop := func(name string, results []reg, beyond string) {
		from := func(offset mem) mem {
			k.op("MOVQ", offset, inputs)
			if len(results) == 1 {
				return x.at(0).by(inputs, 4)
			}
			k.op("LEAQ", x.at(0).by(inputs, 4), inputs)
			return inputs.at(0)
		}
		k.label(name)
		k.op("CMPQ", left, len(results)*k.lanes)
		k.op("JLT", beyond)
		if first {
			k.load(from(off.at(0)), results...)
			begin(results)
			k.op("MOVQ", 1, tap)
			k.op("JMP", name+"Next")
		} else {
			begin(results)
			k.op("XORQ", tap, tap)
		}
		k.label(name + "Tap")
		take(tap, from(off.at(0).by(tap, 8)), results)
		k.op("INCQ", tap)
		k.label(name + "Next")
		k.op("CMPQ", tap, taps)
		k.op("JLT", name+"Tap")
		end(results)
		k.store(y.at(0), results...)
		k.op("ADDQ", len(results)*k.bytes, y)
		k.op("ADDQ", len(results)*k.bytes, x)
		k.op("SUBQ", len(results)*k.lanes, left)
		k.op("JMP", name)
	}
	loop("four", four, "one")
	loop("one", four[:1], "done")
	k.label("done")
}
