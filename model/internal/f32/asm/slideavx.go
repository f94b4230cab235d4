package main

import "fmt"

var avxSlides = slides{set: "AVX2", lanes: "avx2: 8, avx512: 8", widest: []slide{
	{false, 2, 2, 2}, {false, 3, 1, 2}, {false, 3, 2, 2}, {false, 5, 1, 2}, {false, 5, 2, 2},
	{true, 2, 2, 2}, {true, 3, 1, 2}, {true, 3, 2, 2},
}}

// avxSlide is a kernel for AVX2. Where the stride is 2, all that the windows see
// of a row, and so the sums, are in the order in which VSHUFPS leaves every other
// entry of two vectors: 0 1 4 5 2 3 6 7.
type avxSlide struct {
	*kernel
	slide
	call, y, x, w, masks, pitch, yPitch, main, extra, rest reg
	sums                                                   []reg // by set and vector
	weights                                                []reg // of 9; nil: they are loaded one by one
	temp                                                   []reg
}

func slideAVX2() []byte {
	code := header + "#include \"go_asm.h\"\n#include \"textflag.h\"\n"
	for _, d := range avxSlides.all() {
		code += d.avx2().assembly()
	}
	return []byte(code)
}

func (d slide) avx2() *kernel {
	k := avx2.kernel(d.name(), "c *slideCall")
	e := &avxSlide{kernel: k, slide: d}
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
	e.main, e.extra = e.loaded("main", "rows of results"), e.loaded("extra", "whether a row is left for the rest")
	e.rest = e.loaded("rest", "rows that padding finishes")
	e.sums = e.vectors("sums", e.sets()*e.n)
	if e.k == 3 && !e.largest {
		e.weights = e.vectors("weights", 9)
		for t, v := range e.weights {
			e.op("VBROADCASTSS", e.w.at(4*t), v)
		}
	}
	e.temp = e.vectors("temporary", e.registers-e.used)
	e.bias(e.sums)
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

// vector i of what tap kx sees, in one of the temporaries; other is what tap kx+1
// sees, where the stride is 2 and there is such a tap.
func (e *avxSlide) sees(kx, i int) (v, other reg) {
	v = e.temp[0]
	if e.s == 1 {
		e.load(e.x.at(4*kx+i*e.bytes), v)
		e.mask(kx, i, v)
		return v, ""
	}
	other = e.temp[1]
	e.load(e.x.at(4*kx+2*i*e.bytes), v, other)
	if kx+1 == e.k {
		e.op("VSHUFPS", 0x88, other, v, v)
		e.mask(kx, i, v)
		return v, ""
	}
	odd := e.temp[2]
	e.op("VSHUFPS", 0xdd, other, v, odd)
	e.op("VSHUFPS", 0x88, other, v, v)
	e.mask(kx, i, v)
	e.mask(kx+1, i, odd)
	return v, odd
}

// mask takes away what is padding.
func (e *avxSlide) mask(kx, i int, v reg) {
	middle := (e.k - 1) / 2
	if kx == middle || kx < middle && i > 0 || kx > middle && i < e.n-1 {
		return
	}
	if kx > middle {
		kx--
	}
	if !e.largest {
		e.op("VANDPS", e.masks.at(kx*e.bytes), v, v)
		return
	}
	e.load(e.masks.at(kx*e.bytes), e.temp[3])
	e.bias(e.temp[4:5])
	e.op("VBLENDVPS", e.temp[3], v, e.temp[4], v)
}

func (e *avxSlide) row(r row) {
	for i := range e.n {
		for kx := 0; kx < e.k; kx += e.s {
			v, odd := e.sees(kx, i)
			e.take(r, kx, i, v)
			if odd != "" {
				e.take(r, kx+1, i, odd)
			}
		}
	}
	e.op("ADDQ", e.pitch, e.x)
}

// take adds what tap kx sees to the sums.
func (e *avxSlide) take(r row, kx, i int, v reg) {
	for set, ky := range r {
		if ky < 0 {
			continue
		}
		sum := e.sums[set*e.n+i]
		switch tap := ky*e.k + kx; {
		case e.largest: // VMAXPS forgets a NaN that only one of them is
			e.op("VCMPPS", unordered, v, sum, e.temp[3])
			e.op("VMAXPS", v, sum, sum)
			e.op("VORPS", e.temp[3], sum, sum)
		case e.weights != nil:
			e.op("VFMADD231PS", v, e.weights[tap], sum)
		default:
			e.op("VBROADCASTSS", e.w.at(4*tap), e.temp[4])
			e.op("VFMADD231PS", v, e.temp[4], sum)
		}
	}
}

func (e *avxSlide) finish(set int, more bool) {
	sums := e.sums[set*e.n:][:e.n]
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
	for _, sum := range sums {
		if e.s == 2 {
			e.op("VPERMPD", 0xd8, sum, sum)
		}
	}
	e.store(e.y.at(0), sums...)
	e.op("ADDQ", e.yPitch, e.y)
	if more {
		e.bias(sums)
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
