package main

import (
	"fmt"
	"strings"
)

// slider64 is a kernel for arm64.
//
//	R0 call   R1 x   R2 y   R4 rows of results   R5 rows that padding finishes
//	R7 whether there is one more row of x   R9, R11 steps   R10 to the next row of x
//	R12 between rows of y   V30 lo   V31 hi
type slider64 struct {
	slide
	code                *strings.Builder
	weights, bias, mask int // first registers
	load                int
}

var neonSlides = slides{set: "NEON", isa: "neon64", lanes: 4, widest: []slide{
	{false, 3, 1, 4}, {false, 3, 2, 4}, {false, 5, 1, 3}, {false, 5, 2, 3},
	{true, 2, 2, 4}, {true, 3, 1, 4}, {true, 3, 2, 4},
}}

func slideNEON64() []byte {
	code := header + "#include \"textflag.h\"\n#include \"neon_arm64.h\"\n"
	for _, d := range neonSlides.all() {
		code += d.neon64()
	}
	return []byte(code)
}

func (d slide) neon64() string {
	e := &slider64{slide: d, code: &strings.Builder{}}
	e.weights = d.sets() * d.n
	e.bias = e.weights
	if !d.largest {
		e.bias += (d.k*d.k + 3) / 4
	}
	e.mask = e.bias + 1
	e.load = e.mask + d.masks()
	name := d.name() + "NEON"
	fmt.Fprintf(e.code, "\n// func %s(c *slideCall)\nTEXT ·%[1]s(SB), NOSPLIT, $0-8\n", name)
	d.schedule(e)
	return e.code.String()
}

func (e *slider64) op(format string, a ...any) { fmt.Fprintf(e.code, "\t"+format+"\n", a...) }

func (e *slider64) label(name string) { fmt.Fprintf(e.code, "\n%s:\n", name) }

// list is n registers from v on.
func list(v, n int) string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf("V%d.S4", v+i))
	}
	return "[" + strings.Join(s, ", ") + "]"
}

func (e *slider64) begin() {
	e.op("MOVD c+0(FP), R0")
	e.op("LDP 0(R0), (R2, R1)")
	e.op("LDP 16(R0), (R3, R6)")
	e.op("LDP 32(R0), (R10, R12)")
	e.op("LDP 48(R0), (R8, R4)")
	e.op("LDP 64(R0), (R7, R5)")
	e.op("ADD $80, R0")
	e.op("VLD1R.P 4(R0), [V30.S4]")
	e.op("VLD1R.P 4(R0), [V31.S4]")
	e.op("VLD1R (R0), [V%d.S4]", e.bias)
	at := e.weights
	for left := e.k * e.k; left > 0 && !e.largest; {
		if left == 1 {
			e.op("FMOVS (R3), F%d", at)
			break
		}
		n := min(4, left/4)
		e.op("VLD1.P %d(R3), %s", 16*n, list(at, n))
		at, left = at+n, left-4*n
	}
	for i := 0; i < e.masks(); {
		n := min(4, e.masks()-i)
		e.op("VLD1.P %d(R6), %s", 16*n, list(e.mask+i, n))
		i += n
	}
	for i := range e.sets() * e.n {
		e.op("VMOV V%d.B16, V%d.B16", e.bias, i)
	}
	passed := 4 * (e.k - 1)
	switch {
	case e.s == 1:
		e.op("MOVD $4, R9")
	case e.k == 2:
		passed = 32 * (e.n - 1)
	case e.k == 3:
		passed = 4 + 32*(e.n-1)
	default:
		passed = 16 + 32*(e.n-1)
		e.op("MOVD $8, R9")
		e.op("MOVD $16, R11")
	}
	e.op("SUB $%d, R10", passed)
	for v := range e.k - e.s {
		e.op("CMP $%d, R8", v)
		e.op("BEQ row%d", v)
	}
	e.op("B main0")
}

// and masks what is padding in a vector.
func (e *slider64) and(v, mask int) {
	if e.largest {
		e.op("VBIF V%d.B16, V%d.B16, V%d.B16", e.mask+mask, e.bias, v)
	} else {
		e.op("VAND V%d.B16, V%d.B16, V%[1]d.B16", v, e.mask+mask)
	}
}

// most takes the largest of a row's vectors from v on, in place, and those from
// each of others, step apart, and then that of the sums.
func (e *slider64) most(r row, v, step int, others ...int) {
	for _, o := range others {
		for i := range e.n {
			e.op("FMAX(%d, %[1]d, %d)", v+i*step, o+i*step)
		}
	}
	for set, ky := range r {
		for i := range e.n {
			switch sum := set*e.n + i; {
			case ky == 0:
				e.op("VMOV V%d.B16, V%d.B16", v+i*step, sum)
			case ky > 0:
				e.op("FMAX(%d, %[1]d, %d)", sum, v+i*step)
			}
		}
	}
}

// add adds the products of tap kx to all sums of vectors [first, first+n), which
// are in registers from v on, step apart.
func (e *slider64) add(r row, kx, first, n, v, step int) {
	for set, ky := range r {
		if ky < 0 {
			continue
		}
		tap := ky*e.k + kx
		for i := range n {
			e.op("FMLA(%d, %d, %d, %d)", set*e.n+first+i, v+i*step, e.weights+tap/4, tap%4)
		}
	}
}

// pairs loads a row's even entries and its odd ones.
func (e *slider64) pairs(v int) {
	for i := range e.n - 1 {
		e.op("VLD2.P 32(R1), %s", list(v+2*i, 2))
	}
	e.op("VLD2.P (R1)(R10), %s", list(v+2*e.n-2, 2))
}

func (e *slider64) row(r row) {
	last := e.n - 1
	switch {
	case e.s == 1:
		room := (30 - e.load) / e.n // taps whose inputs fit in registers
		for kx := range e.k {
			v := e.load + kx%room*e.n
			step := "R9"
			if kx == e.k-1 {
				step = "R10"
			}
			e.op("VLD1.P (R1)(%s), %s", step, list(v, e.n))
			if kx < e.k/2 {
				e.and(v, kx)
			} else if kx > e.k/2 {
				e.and(v+last*1, kx-1)
			}
			if e.largest {
				continue
			}
			if room == 1 {
				e.add(r, kx, 0, e.n, v, 1)
			} else if kx > 0 {
				e.add(r, kx-1, 0, e.n, e.load+(kx-1)%room*e.n, 1)
			}
		}
		if e.largest {
			e.most(r, e.load, 1, e.load+e.n, e.load+2*e.n)
		} else if room > 1 {
			e.add(r, e.k-1, 0, e.n, e.load+(e.k-1)%room*e.n, 1)
		}
	case e.k == 2:
		e.pairs(e.load)
		e.and(e.load+2*last+1, 0)
		e.most(r, e.load, 2, e.load+1)
	case e.k == 3: // x[-1], then even and odd ones
		before, pairs := e.load, e.load+1
		shifted := pairs + 2*e.n
		e.op("VLD1.P 4(R1), V%d.S[3]", before)
		e.pairs(pairs)
		e.and(before, 0)
		if !e.largest {
			e.add(r, 1, 0, e.n, pairs, 2)
		}
		e.and(pairs+2*last+1, 1)
		for i := range e.n {
			p := before
			if i > 0 {
				p = pairs + 2*i - 1
			}
			to := shifted + i%2
			e.op("VEXT $12, V%d.B16, V%d.B16, V%d.B16", pairs+2*i+1, p, to)
			if e.largest { // in place of the even ones
				e.op("FMAX(%d, %[1]d, %d)", pairs+2*i, to)
			} else if i > 0 {
				e.add(r, 0, i-1, 1, shifted+(i-1)%2, 1)
			}
		}
		if e.largest {
			e.most(r, pairs, 2, pairs+1)
			break
		}
		e.add(r, 2, 0, e.n, pairs+1, 2)
		e.add(r, 0, last, 1, shifted+last%2, 1)
	default:
		for i := range e.n {
			v := e.load
			rest := "R11"
			if i == last {
				rest = "R10"
			}
			e.op("VLD2.P (R1)(R9), %s", list(v, 2))
			e.op("VLD2.P (R1)(R9), %s", list(v+2, 2))
			e.op("VLD2.P (R1)(%s), %s", rest, list(v+4, 2))
			if i == 0 {
				e.and(v, 0)
				e.and(v+1, 1)
			}
			if i == last {
				e.and(v+3, 2)
				e.and(v+4, 3)
			}
			for kx := range e.k {
				e.add(r, kx, i, 1, v+kx, 1)
			}
		}
	}
}

func (e *slider64) finish(set int, more bool) {
	first := set * e.n
	for i := range 2 * e.n {
		if bound := [...]string{"FMAX(%d, %[1]d, 30)", "FMIN(%d, %[1]d, 31)"}[i/e.n]; !e.largest {
			e.op(bound, first+i%e.n)
		}
	}
	e.op("VST1.P %s, (R2)(R12)", list(first, e.n))
	for i := 0; more && !e.largest && i < e.n; i++ {
		e.op("VMOV V%d.B16, V%d.B16", e.bias, first+i)
	}
}

func (e *slider64) next(set int) {
	e.op("SUBS $1, R4")
	if set < e.sets()-1 {
		e.op("BEQ end%d", set+1)
	} else {
		e.op("BNE main0")
	}
}

func (e *slider64) unlessExtra(label string) { e.op("CBZ R7, %s", label) }

func (e *slider64) unlessRest(label string) {
	e.op("CBZ R5, %s", label)
	e.op("SUB $1, R5")
}

func (e *slider64) jump(label string) { e.op("B %s", label) }
func (e *slider64) end()              { e.op("RET") }
