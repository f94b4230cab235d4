package main

// neon32 is armv7's NEON, which has neither a fused multiply-add (VFPv4 is not
// everywhere) nor a division, and takes denormal numbers for 0. Registers are Q.
type neon32 struct{}

func (neon32) registers() int { return 16 }
func (neon32) lanes() int     { return 4 }

func (neon32) tied(v *value, _ func(k int) bool) int {
	if v.op == "fma" || v.op == "fnma" {
		return 2
	}
	return -1
}

func (neon32) fresh(v *value) bool { return v.op == "less" }

var neon32Ops = map[string]struct {
	name string
	code uint32
}{
	"add": {"vadd.f32", 0xf2000d40}, "sub": {"vsub.f32", 0xf2200d40}, "mul": {"vmul.f32", 0xf3000d50},
	"fma": {"vmla.f32", 0xf2000d50}, "fnma": {"vmls.f32", 0xf2200d50},
	"max": {"vmax.f32", 0xf2000f40}, "min": {"vmin.f32", 0xf2200f40}, "max2": {"vmax.f32", 0xf2000f40}, "min2": {"vmin.f32", 0xf2200f40},
	"iadd": {"vadd.i32", 0xf2200840}, "isub": {"vsub.i32", 0xf3200840}, "and": {"vand", 0xf2000150}, "or": {"vorr", 0xf2200150},
	"greater": {"vcgt.f32", 0xf3200e40}, "select": {"vbsl", 0xf3100150}, "recps": {"vrecps.f32", 0xf2000f50},
}

// A Q register is a pair of D registers, whose fifth bit has a place of its own.
func qd(r int) uint32 { return uint32(r)>>3<<22 | uint32(2*r)&15<<12 }
func qn(r int) uint32 { return uint32(r)>>3<<7 | uint32(2*r)&15<<16 }
func qm(r int) uint32 { return uint32(r)>>3<<5 | uint32(2*r)&15 }

func (m neon32) three(c *code, op string, d, n, k int) {
	i := neon32Ops[op]
	c.op("WORD $%#x // %s q%d, q%d, q%d", i.code|qd(d)|qn(n)|qm(k), i.name, d, n, k)
}

func (m neon32) one(c *code, v *value, to int, from []int) {
	switch v.op {
	case "shl":
		c.op("WORD $%#x // vshl.i32 q%d, q%d, #%d", 0xf2800550|(32+v.bits)<<16|qd(to)|qm(from[0]), to, from[0], v.bits)
	case "sra":
		c.op("WORD $%#x // vshr.s32 q%d, q%d, #%d", 0xf2800050|(64-v.bits)<<16|qd(to)|qm(from[0]), to, from[0], v.bits)
	case "recpe":
		c.op("WORD $%#x // vrecpe.f32 q%d, q%d", 0xf3bb0540|qd(to)|qm(from[0]), to, from[0])
	case "less":
		m.three(c, "greater", to, from[1], from[0])
		m.three(c, "select", to, from[2], from[3])
	default:
		m.three(c, v.op, to, from[0], from[1])
	}
}

func (m neon32) move(c *code, to, from int) {
	c.op("WORD $%#x // vmov q%d, q%d", 0xf2200150|qd(to)|qn(from)|qm(from), to, from)
}

func (m neon32) constant(c *code, to int, _ *value) { m.spread(c, to, 5) }

// spread loads one number into all lanes, and moves on.
func (m neon32) spread(c *code, to, address int) {
	c.op("WORD $%#x // vld1.32 {d%d[], d%d[]}, [r%d]!", 0xf4a00cad|qd(to)|uint32(address)<<16, 2*to, 2*to+1, address)
}

func (m neon32) constants(c *code, first int, held []*value) {
	for i, v := range held {
		if v.op == "param" {
			c.op("ADD $%d, R4, R7", 4*v.bits)
			m.spread(c, first+i, 7)
		} else if v.op == "number" {
			m.spread(c, first+i, 5)
		}
	}
	c.op("MOVW R5, R6")
}

func (m neon32) load(c *code, pair bool, first, streams int) {
	loads := func(first, address int) {
		for s := 0; s < streams; s++ {
			r := first + s
			if s+1 < streams {
				c.op("WORD $%#x // vld1.32 {d%d-d%d}, [r%d]!", 0xf420028d|qd(r)|uint32(address)<<16, 2*r, 2*r+3, address)
				s++
			} else {
				c.op("WORD $%#x // vld1.32 {d%d-d%d}, [r%d]!", 0xf4200a8d|qd(r)|uint32(address)<<16, 2*r, 2*r+1, address)
			}
		}
	}
	loads(first, 1)
	if pair {
		loads(first+streams, 2)
	}
	c.op("MOVW R6, R5")
}

func (m neon32) end(c *code, pair bool, first, each int) {
	if each >= 0 {
		m.spread(c, each, 2)
	}
	c.op("MOVW n+12(FP), R3")
	c.op("AND.S $3, R3, R12")
	c.op("BEQ whole")
	last := func(from string, to int) {
		c.op("ADD R3<<2, %s, R7", from)
		c.op("SUB $16, R7, R7")
		c.op("WORD $%#x // vld1.32 {d%d-d%d}, [r7]!", 0xf4200a8d|qd(to)|7<<16, 2*to, 2*to+1)
	}
	last("R1", first)
	if pair {
		last("R2", first+1)
	}
	c.op("SUB R12, R3, R3")
	c.label("whole")
}

func (m neon32) ended(c *code, each bool, body func() int) {
	c.op("CMP $0, R12")
	c.op("BEQ next")
	for _, r := range []string{"R0", "R1", "R2"} {
		if r != "R2" || !each {
			c.op("ADD R12<<2, %s, %[1]s", r)
		}
	}
	c.op("MOVW R6, R5")
	r := body()
	c.op("SUB $16, R0, R7")
	c.op("WORD $%#x // vst1.32 {d%d-d%d}, [r7]!", 0xf4000a8d|qd(r)|7<<16, 2*r, 2*r+1)
}

func (m neon32) store(c *code, from []int) {
	for s := 0; s < len(from); s++ {
		r := from[s]
		if s+1 < len(from) && from[s+1] == r+1 {
			c.op("WORD $%#x // vst1.32 {d%d-d%d}, [r0]!", 0xf400028d|qd(r), 2*r, 2*r+3)
			s++
		} else {
			c.op("WORD $%#x // vst1.32 {d%d-d%d}, [r0]!", 0xf4000a8d|qd(r), 2*r, 2*r+1)
		}
	}
}

func (m neon32) loop(c *code, streams int, last bool, body func()) {
	n := 4 * streams
	if last {
		c.label("one")
		body()
		c.op("SUB.S $%d, R3", n)
		c.op("BNE one")
		return
	}
	c.op("SUB.S $%d, R3", n)
	c.op("BLT rest")
	c.label("several")
	body()
	c.op("SUB.S $%d, R3", n)
	c.op("BGE several")
	c.label("rest")
	c.op("ADD.S $%d, R3", n)
	c.op("BEQ done")
}

func (m neon32) begin() string {
	return "\tMOVW y+0(FP), R0\n\tMOVW x+4(FP), R1\n\tMOVW z+8(FP), R2\n\tMOVW p+16(FP), R4\n\tMOVW rows+20(FP), R8\n\tMOVW gap+24(FP), R9\n"
}
func (m neon32) address(table string) string { return "\tMOVW $" + table + ", R5\n" }
func (m neon32) next(each bool) string {
	z := "\tADD R9, R2\n"
	if each {
		z = ""
	}
	return "\tADD R9, R0\n\tADD R9, R1\n" + z + "\tSUB.S $1, R8\n\tBNE row\n\tRET\n"
}
func (m neon32) suffix() string { return "NEON" }
func (m neon32) word() int      { return 4 }
func (m neon32) repeated() int  { return 1 }

// divided is f without divisions, for an instruction set that has only steps
// towards 1/a: from 8 bits, each doubles how many are right.
func divided(f *formula) *formula {
	g := &formula{name: f.name, pair: f.pair, each: f.each, x: f.x, z: f.z, result: f.result, given: f.given}
	for _, v := range f.values {
		if v.op == "div" {
			by := v.args[1]
			r := g.op("recpe", by)
			for range 2 {
				r = g.op("mul", r, g.op("recps", by, r))
			}
			v.op, v.args = "mul", []*value{v.args[0], r}
		}
		g.values = append(g.values, v)
	}
	return g
}
