package main

import "fmt"

// neon64 is arm64's NEON. Go's assembler has no names for most of it, so that
// instructions are numbers.
type neon64 struct{}

func (neon64) registers() int { return 32 }
func (neon64) lanes() int     { return 4 }

func (neon64) tied(v *value, _ func(k int) bool) int {
	if v.op == "fma" || v.op == "fnma" {
		return 2
	}
	return -1
}

func (neon64) fresh(v *value) bool { return v.op == "less" }

// neon64Ops are the instructions with three vectors of four 32-bit lanes.
var neon64Ops = map[string]struct {
	name string
	code uint32
}{
	"add": {"fadd", 0x4e20d400}, "sub": {"fsub", 0x4ea0d400}, "mul": {"fmul", 0x6e20dc00}, "div": {"fdiv", 0x6e20fc00},
	"fma": {"fmla", 0x4e20cc00}, "fnma": {"fmls", 0x4ea0cc00},
	"max": {"fmax", 0x4e20f400}, "min": {"fmin", 0x4ea0f400}, "max2": {"fmax", 0x4e20f400}, "min2": {"fmin", 0x4ea0f400},
	"iadd": {"add", 0x4ea08400}, "isub": {"sub", 0x6ea08400}, "and": {"and", 0x4e201c00}, "or": {"orr", 0x4ea01c00},
	"greater": {"fcmgt", 0x6ea0e400}, "select": {"bsl", 0x6e601c00},
}

func (m neon64) three(c *code, op string, d, n, k int) {
	i := neon64Ops[op]
	c.op("WORD $%#x // %s v%d, v%d, v%d", i.code|uint32(k)<<16|uint32(n)<<5|uint32(d), i.name, d, n, k)
}

func (m neon64) one(c *code, v *value, to int, from []int) {
	switch v.op {
	case "shl":
		c.op("WORD $%#x // shl v%d, v%d, #%d", 0x4f005400|(32+v.bits)<<16|uint32(from[0])<<5|uint32(to), to, from[0], v.bits)
	case "sra":
		c.op("WORD $%#x // sshr v%d, v%d, #%d", 0x4f000400|(64-v.bits)<<16|uint32(from[0])<<5|uint32(to), to, from[0], v.bits)
	case "less":
		m.three(c, "greater", to, from[1], from[0])
		m.three(c, "select", to, from[2], from[3])
	default:
		m.three(c, v.op, to, from[0], from[1])
	}
}

func (m neon64) move(c *code, to, from int) { c.op("VMOV V%d.B16, V%d.B16", from, to) }

func (m neon64) constant(c *code, to int, _ *value) {
	c.op("FMOVQ %d(R5), F%d", 16*len(c.later), to)
}

func (m neon64) constants(c *code, first int, held []*value) {
	for len(held) > 0 && held[0].op != "number" {
		if held[0].op == "param" {
			c.op("ADD $%d, R4, R6", 4*held[0].bits)
			c.op("VLD1R (R6), [V%d.S4]", first)
		}
		held, first = held[1:], first+1
	}
	for len(held) > 0 {
		n := min(4, len(held))
		m.loads(c, "R5", first, n)
		held, first = held[n:], first+n
	}
}

// loads loads n vectors into neighbouring registers, and moves on.
func (m neon64) loads(c *code, from string, first, n int) {
	list := ""
	for i := range n {
		list += fmt.Sprintf(", V%d.S4", first+i)
	}
	c.op("VLD1.P %d(%s), [%s]", 16*n, from, list[2:])
}

func (m neon64) load(c *code, pair bool, first, streams int) {
	m.loads(c, "R1", first, streams)
	if pair {
		m.loads(c, "R2", first+streams, streams)
	}
}

func (m neon64) end(c *code, pair bool, first, each int) {
	if each >= 0 {
		c.op("VLD1R.P 4(R2), [V%d.S4]", each)
	}
	c.op("MOVD n+24(FP), R3")
	c.op("ANDS $3, R3, R9")
	c.op("BEQ whole")
	last := func(from string, to int) {
		c.op("ADD R3<<2, %s, R10", from)
		c.op("SUB $16, R10, R10")
		c.op("VLD1 (R10), [V%d.S4]", to)
	}
	last("R1", first)
	if pair {
		last("R2", first+1)
	}
	c.op("SUB R9, R3, R3")
	c.label("whole")
}

func (m neon64) ended(c *code, each bool, body func() int) {
	c.op("CBZ R9, next")
	for _, r := range []string{"R0", "R1", "R2"} {
		if r != "R2" || !each {
			c.op("ADD R9<<2, %s, %[1]s", r)
		}
	}
	r := body()
	c.op("SUB $16, R0, R10")
	c.op("FMOVQ F%d, (R10)", r)
}

func (m neon64) store(c *code, from []int) {
	if len(from) == 1 {
		c.op("FMOVQ.P F%d, 16(R0)", from[0])
	}
	for s := 0; s+1 < len(from); s += 2 {
		c.op("FSTPQ.P (F%d, F%d), 32(R0)", from[s], from[s+1])
	}
}

func (m neon64) loop(c *code, streams int, last bool, body func()) {
	n := 4 * streams
	if last {
		c.label("one")
		body()
		c.op("SUBS $%d, R3, R3", n)
		c.op("BNE one")
		return
	}
	c.op("SUBS $%d, R3, R3", n)
	c.op("BLT rest")
	c.label("several")
	body()
	c.op("SUBS $%d, R3, R3", n)
	c.op("BGE several")
	c.label("rest")
	c.op("ADDS $%d, R3, R3", n)
	c.op("BEQ done")
}

func (m neon64) begin() string {
	return "\tMOVD y+0(FP), R0\n\tMOVD x+8(FP), R1\n\tMOVD z+16(FP), R2\n\tMOVD p+32(FP), R4\n\tMOVD rows+40(FP), R7\n\tMOVD gap+48(FP), R8\n"
}
func (m neon64) address(table string) string { return "\tMOVD $" + table + ", R5\n" }
func (m neon64) next(each bool) string {
	z := "\tADD R8, R2\n"
	if each {
		z = ""
	}
	return "\tADD R8, R0\n\tADD R8, R1\n" + z + "\tSUBS $1, R7, R7\n\tBNE row\n\tRET\n"
}
func (m neon64) suffix() string { return "NEON" }
func (m neon64) word() int      { return 8 }
func (m neon64) repeated() int  { return 4 }
