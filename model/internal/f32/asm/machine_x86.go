package main

import "fmt"

// x86 is AVX2 or AVX-512. y is in DI, x in SI, z in DX, n in CX, p in R8, the
// table in R9, rows in R10 and gap in R11.

type x86 struct{ set }

func (m x86) registers() int { return m.set.registers }
func (m x86) lanes() int     { return m.set.lanes }

func (m x86) tied(v *value, dies func(k int) bool) int {
	if v.op != "fma" && v.op != "fnma" {
		return -1
	}
	for _, k := range []int{2, 0, 1} {
		if dies(k) {
			return k
		}
	}
	return 0
}

func (m x86) fresh(v *value) bool { return v.op == "less" || v.op == "max2" || v.op == "min2" }

func (m x86) v(r int) string { return fmt.Sprint(m.letter, r) }

func (m x86) one(c *code, v *value, to int, from []int) {
	r := make([]string, len(from))
	for i := range from {
		r[i] = m.v(from[i])
	}
	d := m.v(to)
	wide := ""
	if m.set == avx512 {
		wide = "D"
	}
	switch v.op {
	case "add":
		c.op("VADDPS %s, %s, %s", r[1], r[0], d)
	case "sub":
		c.op("VSUBPS %s, %s, %s", r[1], r[0], d)
	case "mul":
		c.op("VMULPS %s, %s, %s", r[1], r[0], d)
	case "div":
		c.op("VDIVPS %s, %s, %s", r[1], r[0], d)
	case "max": // the second source is what NaN comes through
		c.op("VMAXPS %s, %s, %s", r[0], r[1], d)
	case "min":
		c.op("VMINPS %s, %s, %s", r[0], r[1], d)
	case "fma", "fnma":
		name := map[string]string{"fma": "VFMADD", "fnma": "VFNMADD"}[v.op]
		switch to {
		case from[2]:
			c.op("%s231PS %s, %s, %s", name, r[1], r[0], d)
		case from[0]:
			c.op("%s213PS %s, %s, %s", name, r[2], r[1], d)
		default:
			c.op("%s213PS %s, %s, %s", name, r[2], r[0], d)
		}
	case "iadd":
		c.op("VPADDD %s, %s, %s", r[1], r[0], d)
	case "isub":
		c.op("VPSUBD %s, %s, %s", r[1], r[0], d)
	case "and":
		c.op("VPAND%s %s, %s, %s", wide, r[1], r[0], d)
	case "or":
		c.op("VPOR%s %s, %s, %s", wide, r[1], r[0], d)
	case "shl":
		c.op("VPSLLD $%d, %s, %s", v.bits, r[0], d)
	case "sra":
		c.op("VPSRAD $%d, %s, %s", v.bits, r[0], d)
	case "less":
		if m.set == avx512 {
			c.op("VCMPPS $17, %s, %s, K1", r[1], r[0])
			c.op("VBLENDMPS %s, %s, K1, %s", r[2], r[3], d)
		} else {
			c.op("VCMPPS $17, %s, %s, %s", r[1], r[0], d)
			c.op("VBLENDVPS %s, %s, %s, %s", d, r[2], r[3], d)
		}
	case "max2", "min2":
		name := map[string]string{"max2": "VMAXPS", "min2": "VMINPS"}[v.op]
		if m.set == avx512 {
			c.op("VCMPPS $%d, %s, %s, K1", unordered, r[1], r[1])
			c.op("%s %s, %s, %s", name, r[0], r[1], d)
			c.op("VPTERNLOGD $0xff, %s, %[1]s, K1, %[1]s", d)
		} else {
			c.op("VCMPPS $%d, %s, %s, %s", unordered, r[1], r[1], d)
			c.op("VORPS %s, %s, %s", r[0], d, d)
			c.op("%s %s, %s, %s", name, d, r[1], d)
		}
	default:
		panic(v.op)
	}
}

func (m x86) move(c *code, to, from int) { c.op("VMOVUPS %s, %s", m.v(from), m.v(to)) }

func (m x86) constant(c *code, to int, _ *value) {
	c.op("VBROADCASTSS %d(R9), %s", 4*(c.held+len(c.later)), m.v(to))
}

func (m x86) constants(c *code, first int, held []*value) {
	at := 0
	for i, v := range held {
		if v.op == "param" {
			c.op("VBROADCASTSS %d(R8), %s", 4*v.bits, m.v(first+i))
		} else if v.op == "number" {
			c.op("VBROADCASTSS %d(R9), %s", at, m.v(first+i))
			at += 4
		}
	}
}

func (m x86) load(c *code, pair bool, first, streams int) {
	for s := range streams {
		c.op("VMOVUPS %d(SI), %s", s*m.bytes, m.v(first+s))
	}
	c.op("ADDQ $%d, SI", streams*m.bytes)
	if pair {
		for s := range streams {
			c.op("VMOVUPS %d(DX), %s", s*m.bytes, m.v(first+streams+s))
		}
		c.op("ADDQ $%d, DX", streams*m.bytes)
	}
}

func (m x86) end(c *code, pair bool, first, each int) {
	if each >= 0 {
		c.op("VBROADCASTSS (DX), %s", m.v(each))
		c.op("ADDQ $4, DX")
	}
	c.op("MOVQ n+24(FP), CX")
	c.op("MOVQ CX, R12")
	c.op("ANDQ $%d, R12", m.set.lanes-1)
	c.op("JEQ whole")
	c.op("VMOVUPS %d(SI)(CX*4), %s", -m.bytes, m.v(first))
	if pair {
		c.op("VMOVUPS %d(DX)(CX*4), %s", -m.bytes, m.v(first+1))
	}
	c.op("SUBQ R12, CX")
	c.label("whole")
}

func (m x86) ended(c *code, each bool, body func() int) {
	c.op("TESTQ R12, R12")
	c.op("JEQ next")
	for _, r := range []string{"DI", "SI", "DX"} {
		if r != "DX" || !each {
			c.op("LEAQ (%s)(R12*4), %[1]s", r)
		}
	}
	c.op("VMOVUPS %s, %d(DI)", m.v(body()), -m.bytes)
}

func (m x86) store(c *code, from []int) {
	for s, r := range from {
		c.op("VMOVUPS %s, %d(DI)", m.v(r), s*m.bytes)
	}
	c.op("ADDQ $%d, DI", len(from)*m.bytes)
}

func (m x86) loop(c *code, streams int, last bool, body func()) {
	n := streams * m.set.lanes
	if last {
		c.label("one")
		body()
		c.op("SUBQ $%d, CX", n)
		c.op("JNE one")
		return
	}
	c.op("SUBQ $%d, CX", n)
	c.op("JLT rest")
	c.label("several")
	body()
	c.op("SUBQ $%d, CX", n)
	c.op("JGE several")
	c.label("rest")
	c.op("ADDQ $%d, CX", n)
	c.op("JEQ done")
}

func (m x86) begin() string {
	return "\tMOVQ y+0(FP), DI\n\tMOVQ x+8(FP), SI\n\tMOVQ z+16(FP), DX\n\tMOVQ p+32(FP), R8\n\tMOVQ rows+40(FP), R10\n\tMOVQ gap+48(FP), R11\n"
}
func (m x86) address(table string) string { return "\tLEAQ " + table + ", R9\n" }
func (m x86) next(each bool) string {
	z := "\tADDQ R11, DX\n"
	if each {
		z = ""
	}
	return "\tADDQ R11, DI\n\tADDQ R11, SI\n" + z + "\tDECQ R10\n\tJNE row\n\tVZEROUPPER\n\tRET\n"
}
func (m x86) suffix() string { return m.name }
func (m x86) word() int      { return 8 }
func (m x86) repeated() int  { return 1 }
