package main

import "fmt"

var avxSlides = []slides{
	{set: "AVX512", isa: "avx512", lanes: 16, widest: []slide{
		{false, 2, 2, 4}, {false, 3, 1, 4}, {false, 3, 2, 4}, {false, 5, 1, 4}, {false, 5, 2, 4},
		{true, 2, 2, 4}, {true, 3, 1, 4}, {true, 3, 2, 4},
	}},
	{set: "AVX2", isa: "avx2", lanes: 8, widest: []slide{
		{false, 2, 2, 2}, {false, 3, 1, 2}, {false, 3, 2, 2}, {false, 5, 1, 2}, {false, 5, 2, 2},
		{true, 2, 2, 2}, {true, 3, 1, 2}, {true, 3, 2, 2},
	}},
}

// avxSlide is a kernel for AVX2 or AVX-512. Where the stride is 2, all that the
// windows of AVX2 see of a row, and so the sums, are in the order in which VSHUFPS
// leaves every other entry of two vectors: 0 1 4 5 2 3 6 7. AVX-512 keeps their
// order, has a register for each mask, and one more for the results of the last
type avxSlide struct {
	*kernel
	slide
	call, y, x, w, masks, pitch, yPitch, following, main, extra, rest reg
	parts                                                             int   // that a sum is computed in: chains of products are short then
	sums                                                              []reg // by set, vector and part
	weights                                                           []reg // of 9; nil: they are loaded one by one
	even, odd                                                         reg   // which entries of two vectors: AVX-512, stride 2
	padding                                                           reg   // what stands for it in a pool: AVX-512
	temp                                                              []reg
}

// storedLanes is the mask of the results of the last vector that there are; those
// before are of the taps.
const storedLanes = "K5"

func slideAVX() []byte {
	code := header + "#include \"go_asm.h\"\n#include \"textflag.h\"\n\n" + lanes()
	for _, s := range avxSlides {
		for _, d := range s.all() {
			code += d.avx(map[string]set{"avx2": avx2, "avx512": avx512}[s.isa]).assembly()
		}
	}
	return []byte(code)
}

func (d slide) avx(s set) *kernel {
	k := s.kernel(d.name(), "c *slideCall")
	e := &avxSlide{kernel: k, slide: d, parts: 1}
	if s == avx512 && !d.largest {
		e.parts = max(1, min(d.k, 12/(d.sets()*d.n)))
	}
	d.schedule(e)
	return k
}

// field is a field of the call, and loaded one in a register.
func (e *avxSlide) field(name string) string { return fmt.Sprintf("slideCall_%s(%s)", name, e.call) }

func (e *avxSlide) loaded(name, what string) reg {
	r := e.register(what)
	e.op("MOVQ", e.field(name), r)
	return r
}

func (e *avxSlide) begin() {
	e.call = e.arg("c")
	e.y, e.x, e.w, e.masks = e.loaded("y", "y"), e.loaded("x", "x"), e.loaded("w", "weights"), e.loaded("masks", "masks")
	e.pitch, e.yPitch = e.loaded("pitch", "to the next row of x"), e.loaded("yPitch", "of y")
	if e.set == avx2 {
		e.following = e.loaded("following", "bytes to the plane behind")
	}
	e.main, e.extra = e.loaded("main", "rows of results"), e.loaded("extra", "whether a row is left for the rest")
	e.rest = e.loaded("rest", "rows that padding finishes")
	e.sums = e.vectors("sums", e.sets()*e.n*e.parts)
	if e.k == 3 && !e.largest {
		e.weights = e.vectors("weights", 9)
		for t, v := range e.weights {
			e.op("VBROADCASTSS", e.w.at(4*t), v)
		}
	}
	if e.set == avx512 {
		for m := range e.k - 1 {
			e.op("KMOVW", e.masks.at(4*m), fmt.Sprint("K", m+1))
		}
		e.op("KMOVW", e.masks.at(4*(e.k-1)), storedLanes)
		if e.s == 2 {
			e.even, e.odd = e.vector("even numbers"), e.vector("odd numbers")
			e.op("VMOVUPS", "lanes<>(SB)", e.even)
			e.op("VPADDD", e.even, e.even, e.even)
			e.op("VPTERNLOGD", 0xff, e.odd, e.odd, e.odd) // -1
			e.op("VPSUBD", e.odd, e.even, e.odd)
		}
		if e.largest {
			e.padding = e.vector("what stands for padding")
			e.bias([]reg{e.padding})
		}
	}
	e.temp = e.vectors("temporary", min(6, e.registers-e.used))
	e.anew(e.sums)
	entry := e.loaded("entry", "first row")
	for v := range e.k - e.s {
		e.op("CMPQ", entry, v)
		e.op("JEQ", fmt.Sprint("row", v))
	}
	e.op("JMP", "main0")
}

func (e *avxSlide) bias(v []reg) {
	for _, v := range v {
		e.op("VBROADCASTSS", e.field("bias"), v)
	}
}

// anew begins sums with the bias.
func (e *avxSlide) anew(sums []reg) {
	for i := 0; i < len(sums); i += e.parts {
		e.bias(sums[i : i+1])
		e.zero(sums[i+1:][:e.parts-1]...)
	}
}

// sum is part tap of a set's sum.
func (e *avxSlide) sum(set, i, tap int) reg { return e.sums[(set*e.n+i)*e.parts+tap%e.parts] }

// vector i of what tap kx sees, in one of the temporaries; other is what tap kx+1
// sees, where the stride is 2 and there is such a tap.
func (e *avxSlide) sees(kx, i int) (v, other reg) {
	v = e.temp[0]
	if e.s == 1 {
		e.seesNeighbours(kx, i, v)
		return v, ""
	}
	other = e.temp[1]
	e.load(e.x.at(4*kx+2*i*e.bytes), v, other)
	odd := e.temp[2]
	if e.set == avx512 {
		if kx+1 < e.k {
			e.op("VMOVAPS", v, odd)
			e.everyOther(kx+1, i, odd, other, e.odd)
		}
		e.everyOther(kx, i, v, other, e.even)
	} else {
		if kx+1 < e.k {
			e.op("VSHUFPS", 0xdd, other, v, odd)
			e.mask(kx+1, i, odd)
		}
		e.op("VSHUFPS", 0x88, other, v, v)
		e.mask(kx, i, v)
	}
	if kx+1 == e.k {
		odd = ""
	}
	return v, odd
}

// seesNeighbours is sees for a stride of 1.
func (e *avxSlide) seesNeighbours(kx, i int, v reg) {
	from, mask := e.x.at(4*kx+i*e.bytes), e.masked(kx, i)
	switch {
	case e.set == avx2 || mask < 0:
		e.load(from, v)
		e.mask(kx, i, v)
	case e.largest:
		e.op("VBLENDMPS", from, e.padding, fmt.Sprint("K", mask+1), v)
	default:
		e.op("VMOVUPS.Z", from, fmt.Sprint("K", mask+1), v)
	}
}

// everyOther leaves in v what order says of v and other, without padding.
func (e *avxSlide) everyOther(kx, i int, v, other, order reg) {
	mask := e.masked(kx, i)
	if mask >= 0 && !e.largest {
		e.op("VPERMT2PS.Z", other, order, fmt.Sprint("K", mask+1), v)
		return
	}
	e.op("VPERMT2PS", other, order, v)
	if mask >= 0 {
		e.op("VBLENDMPS", v, e.padding, fmt.Sprint("K", mask+1), v)
	}
}

// masked is the number of the mask for vector i of what tap kx sees; -1: none.
func (e *avxSlide) masked(kx, i int) int {
	middle := (e.k - 1) / 2
	switch {
	case kx < middle && i == 0:
		return kx
	case kx > middle && i == e.n-1:
		return kx - 1
	}
	return -1
}

// mask takes away what is padding, on AVX2.
func (e *avxSlide) mask(kx, i int, v reg) {
	mask := e.masked(kx, i)
	if mask < 0 {
		return
	}
	at := e.masks.at(mask * e.bytes)
	if !e.largest {
		e.op("VANDPS", at, v, v)
		return
	}
	e.load(at, e.temp[3])
	e.bias(e.temp[4:5])
	e.op("VBLENDVPS", e.temp[3], v, e.temp[4], v)
}

func (e *avxSlide) row(r row) {
	if e.set == avx2 {
		for line := 0; line < e.s*e.n*e.bytes; line += 64 {
			e.op("PREFETCHT1", e.x.at(line).by(e.following, 1))
		}
	}
	for i := range e.n {
		for kx := 0; kx < e.k; kx += e.s {
			v, odd := e.sees(kx, i)
			e.take(r, kx, i, v)
			if odd != "" {
				e.take(r, kx+1, i, odd)
			}
		}
		if e.largest {
			for set, ky := range r {
				if ky >= 0 {
					e.larger(e.temp[5], e.sum(set, i, 0))
				}
			}
		}
	}
	e.op("ADDQ", e.pitch, e.x)
}

// take adds what tap kx sees to the sums. Of a pool's row the largest is found
// before all of them take it.
func (e *avxSlide) take(r row, kx, i int, v reg) {
	if e.largest {
		if most := e.temp[5]; kx == 0 {
			e.op("VMOVAPS", v, most)
		} else {
			e.larger(v, most)
		}
		return
	}
	for set, ky := range r {
		if ky < 0 {
			continue
		}
		sum := e.sum(set, i, kx)
		if tap := ky*e.k + kx; e.weights != nil {
			e.op("VFMADD231PS", v, e.weights[tap], sum)
		} else {
			e.accumulate([]reg{sum}, []reg{v}, e.w.at(4*tap), e.temp[4])
		}
	}
}

// larger leaves in most the larger of both. VMAXPS gives its second source where one
// of them is NaN, so of both orders one gives the NaN, and the other at most a number.
func (e *avxSlide) larger(v, most reg) {
	other := e.temp[3]
	e.op("VMAXPS", most, v, other)
	e.op("VMAXPS", v, most, most)
	if e.set == avx512 {
		e.op("VPORD", other, most, most)
	} else {
		e.op("VORPS", other, most, most)
	}
}

func (e *avxSlide) finish(set int, more bool) {
	all := e.sums[set*e.n*e.parts:][:e.n*e.parts]
	var sums []reg
	for i := range e.n {
		sums = append(sums, all[i*e.parts])
		for _, part := range all[i*e.parts+1:][:e.parts-1] {
			e.op("VADDPS", part, sums[i], sums[i])
		}
	}
	if !e.largest {
		lo, hi := e.temp[0], e.temp[1%len(e.temp)]
		e.op("VBROADCASTSS", e.field("lo"), lo)
		for _, sum := range sums {
			e.op("VMAXPS", sum, lo, sum)
		}
		e.op("VBROADCASTSS", e.field("hi"), hi)
		for _, sum := range sums {
			e.op("VMINPS", sum, hi, sum)
		}
	}
	if e.set == avx2 {
		for _, sum := range sums {
			if e.s == 2 {
				e.op("VPERMPD", 0xd8, sum, sum)
			}
		}
		e.store(e.y.at(0), sums...)
	} else {
		last := len(sums) - 1
		e.store(e.y.at(0), sums[:last]...)
		e.storeMasked(e.y.at(last*e.bytes), storedLanes, sums[last])
	}
	e.op("ADDQ", e.yPitch, e.y)
	if more {
		e.anew(all)
	}
}

func (e *avxSlide) next(set int) {
	e.op("DECQ", e.main)
	if set < e.sets()-1 {
		e.op("JEQ", fmt.Sprint("end", set+1))
	} else {
		e.op("JNE", "main0")
	}
}

func (e *avxSlide) unlessExtra(label string) {
	e.op("TESTQ", e.extra, e.extra)
	e.op("JEQ", label)
}

func (e *avxSlide) unlessRest(label string) {
	e.op("TESTQ", e.rest, e.rest)
	e.op("JEQ", label)
	e.op("DECQ", e.rest)
}

func (e *avxSlide) jump(label string) { e.op("JMP", label) }
func (e *avxSlide) end()              {}
