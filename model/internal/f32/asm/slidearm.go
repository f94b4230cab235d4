package main

import (
	"fmt"
	"strings"
)

var armSlides = slides{set: "NEON", isa: "neon32", lanes: 4, widest: []slide{
	{false, 3, 1, 2}, {false, 3, 2, 2}, {false, 5, 1, 1}, {false, 5, 2, 2},
	{true, 2, 2, 2}, {true, 3, 1, 2}, {true, 3, 2, 2},
}}

// slider32 is a kernel for armv7.
//
//	R0 call   R1 x   R2 y   R3 scratch   R4 rows of results   R5 rows that padding
//	finishes   R6 masks   R7 whether there is one more row of x   R8 to the next row
//	of x   R9 step   R12 between rows of y   Q15 scratch
type slider32 struct {
	slide
	code       *strings.Builder
	sums, bias int // first Q registers; bias of largest only
	mask       int // -1: masks are loaded when they are used, into Q15
	load       int
}

func slideNEON32() []byte {
	code := header + "#include \"textflag.h\"\n#include \"neon_arm.h\"\n"
	for _, d := range armSlides.all() {
		code += d.neon32()
	}
	return []byte(code)
}

func (d slide) neon32() string {
	e := &slider32{slide: d, code: &strings.Builder{}, mask: -1}
	if !d.largest {
		e.sums = (d.k*d.k + 3) / 4
	}
	e.bias = e.sums + d.sets()*d.n
	e.load = e.bias
	if d.largest {
		e.load++
	}
	if d.k < 5 {
		e.mask, e.load = e.load, e.load+d.k-1
	}
	fmt.Fprintf(e.code, "\n// func %sNEON(c *slideCall)\nTEXT ·%[1]sNEON(SB), NOSPLIT, $0-4\n", d.name())
	d.schedule(e)
	return e.code.String()
}

func (e *slider32) op(format string, a ...any) { fmt.Fprintf(e.code, "\t"+format+"\n", a...) }

func (e *slider32) label(name string) { fmt.Fprintf(e.code, "\n%s:\n", name) }

func (e *slider32) begin() {
	e.op("MOVW c+0(FP), R0")
	for i, r := range []string{"R2", "R1", "R3", "R6", "R8", "R12", "R9", "R4", "R7", "R5"} {
		e.op("MOVW %d(R0), %s", 4*i, r)
	}
	for t := 0; t < e.k*e.k && !e.largest; {
		switch left := e.k*e.k - t; {
		case left >= 8:
			e.op("LOAD4(%d, 3)", t/2)
			t += 8
		default:
			e.op("LOADLANE(%d, 0, 3)", t/2)
			t++
		}
	}
	if e.mask >= 0 {
		e.op("MOVW R6, R3")
		for i := range e.k - 1 {
			e.op("LOAD2(%d, 3)", 2*(e.mask+i))
		}
	}
	e.op("ADD $48, R0, R3")
	first := e.sums
	if e.largest {
		first = e.bias
	}
	e.op("LOADDUP(%d, 3)", 2*first)
	for i := range e.sets() * e.n {
		if e.sums+i != first {
			e.op("VMOVQ(%d, %d)", e.sums+i, first)
		}
	}
	passed, step := 4*(e.k-1), 4
	switch {
	case e.s == 1:
	case e.k == 2:
		passed = 32 * (e.n - 1)
	case e.k == 3:
		passed = 4 + 32*(e.n-1)
	default:
		passed, step = 16+32*(e.n-1), 8
	}
	e.op("SUB $%d, R8", passed)
	for v := range e.k - e.s {
		e.op("CMP $%d, R9", v)
		e.op("MOVW.EQ $%d, R9", step)
		e.op("BEQ row%d", v)
	}
	e.op("MOVW $%d, R9", step)
	e.op("B main0")
}

// and masks what is padding in a vector.
func (e *slider32) and(v, mask int) {
	m := e.mask + mask
	if e.mask < 0 {
		m = 15
		e.op("ADD $%d, R6, R3", 16*mask)
		e.op("LOAD2(30, 3)")
	}
	if e.largest {
		e.op("VBIF(%d, %d, %d)", v, e.bias, m)
	} else {
		e.op("VAND(%d, %[1]d, %d)", v, m)
	}
}

func (e *slider32) add(r row, kx, first, n, v, step int) {
	for set, ky := range r {
		for i := range n {
			if tap := ky*e.k + kx; ky >= 0 {
				e.op("VMLA(%d, %d, %d, %d)", e.sums+set*e.n+first+i, v+i*step, tap/2, tap%2)
			}
		}
	}
}

// most is as for arm64.
func (e *slider32) most(r row, v, step int, others ...int) {
	for _, o := range others {
		for i := range e.n {
			e.op("VMAX(%d, %[1]d, %d)", v+i*step, o+i*step)
		}
	}
	for set, ky := range r {
		for i := range e.n {
			switch sum := e.sums + set*e.n + i; {
			case ky == 0:
				e.op("VMOVQ(%d, %d)", sum, v+i*step)
			case ky > 0:
				e.op("VMAX(%d, %[1]d, %d)", sum, v+i*step)
			}
		}
	}
}

// pairs loads a row's even entries and its odd ones.
func (e *slider32) pairs(v int) {
	for i := range e.n {
		step := 13 // R1 moves on by what is loaded
		if i == e.n-1 {
			step = 8
		}
		e.op("LOADPAIRS(%d, 1, %d)", 2*(v+2*i), step)
	}
}

func (e *slider32) row(r row) {
	last := e.n - 1
	switch {
	case e.s == 1:
		for kx := range e.k {
			v := e.load + kx%((15-e.load)/e.n)*e.n
			step := 9
			if kx == e.k-1 {
				step = 8
			}
			e.op("LOAD%dSTEP(%d, 1, %d)", 2*e.n, 2*v, step)
			if kx < e.k/2 {
				e.and(v, kx)
			} else if kx > e.k/2 {
				e.and(v+last, kx-1)
			}
			if !e.largest {
				e.add(r, kx, 0, e.n, v, 1)
			}
		}
		if e.largest {
			e.most(r, e.load, 1, e.load+e.n, e.load+2*e.n)
		}
	case e.k == 2:
		e.pairs(e.load)
		e.and(e.load+2*last+1, 0)
		e.most(r, e.load, 2, e.load+1)
	case e.k == 3: // x[-1], then even and odd ones
		before, pairs := e.load, e.load+1
		shifted := pairs + 2*e.n
		e.op("LOADLANE(%d, 1, 1)", 2*before+1)
		e.pairs(pairs)
		e.and(before, 0)
		e.and(pairs+2*last+1, 1)
		if !e.largest {
			e.add(r, 1, 0, e.n, pairs, 2)
		}
		for i := range e.n {
			p := before
			if i > 0 {
				p = pairs + 2*i - 1
			}
			e.op("VEXT(%d, %d, %d, 12)", shifted, p, pairs+2*i+1)
			if e.largest { // in place of the even ones
				e.op("VMAX(%d, %[1]d, %d)", pairs+2*i, shifted)
			} else {
				e.add(r, 0, i, 1, shifted, 1)
			}
		}
		if e.largest {
			e.most(r, pairs, 2, pairs+1)
		} else {
			e.add(r, 2, 0, e.n, pairs+1, 2)
		}
	default:
		for i := range e.n {
			for kx := 0; kx < e.k; kx += 2 {
				step := 9
				if kx == e.k-1 {
					step = 3
					if e.op("MOVW $16, R3"); i == last {
						step = 8
					}
				}
				e.op("LOADPAIRS(%d, 1, %d)", 2*e.load, step)
				for j := kx; j < min(kx+2, e.k); j++ {
					if v := e.load + j - kx; j < e.k/2 && i == 0 {
						e.and(v, j)
					} else if j > e.k/2 && i == last {
						e.and(v, j-1)
					}
					e.add(r, j, i, 1, e.load+j-kx, 1)
				}
			}
		}
	}
}

func (e *slider32) finish(set int, more bool) {
	first := e.sums + set*e.n
	if !e.largest {
		e.op("ADD $40, R0, R3")
		for _, bound := range []string{"VMAX", "VMIN"} {
			e.op("LOADDUP(30, 3)")
			for i := range e.n {
				e.op("%s(%d, %[2]d, 15)", bound, first+i)
			}
		}
	}
	e.op("STORE%dSTEP(%d, 2, 12)", 2*e.n, 2*first)
	if more && !e.largest {
		e.op("LOADDUP(%d, 3)", 2*first)
		for i := range e.n - 1 {
			e.op("VMOVQ(%d, %d)", first+i+1, first)
		}
	}
}

func (e *slider32) next(set int) {
	e.op("SUB.S $1, R4")
	if set < e.sets()-1 {
		e.op("BEQ end%d", set+1)
	} else {
		e.op("BNE main0")
	}
}

func (e *slider32) unlessExtra(label string) {
	e.op("CMP $0, R7")
	e.op("BEQ %s", label)
}

func (e *slider32) unlessRest(label string) {
	e.op("SUB.S $1, R5")
	e.op("BLT %s", label)
}

func (e *slider32) jump(label string) { e.op("B %s", label) }
func (e *slider32) end()              { e.op("RET") }
