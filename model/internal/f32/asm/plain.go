package main

import (
	"fmt"
	"math"
	"strings"
)

// number is a float32 as Go writes it.
type number uint32

func (n number) String() string {
	f := math.Float32frombits(uint32(n))
	switch {
	case f != f || math.IsInf(float64(f), 0) || n&0x7fffffff < 1<<23 && n != 0 || n&0x7fffffff > 0x7e000000 || n == 0x007fffff || n == 0x3f3504f3:
		return fmt.Sprintf("math.Float32frombits(%#x)", uint32(n))
	}
	if f < 0 {
		return fmt.Sprint("(", f, ")")
	}
	return fmt.Sprint(f)
}

// plain is a formula in Go, for one number.
func plain(f *formula) string {
	var s strings.Builder
	names := map[*value]string{f.x: "a"}
	if f.z != nil {
		names[f.z] = "b"
	}
	for i, v := range f.values {
		switch v.op {
		case "number":
			names[v] = number(v.bits).String()
			continue
		case "param":
			names[v] = fmt.Sprintf("p%d", v.bits)
			continue
		case "x", "z", "each":
			continue
		}
		arg := func(k int) string { return names[v.args[k]] }
		bits := func(k int) string {
			if v.args[k].op == "number" {
				return fmt.Sprintf("%#x", v.args[k].bits)
			}
			return fmt.Sprintf("math.Float32bits(%s)", arg(k))
		}
		binary := map[string]string{"add": "+", "sub": "-", "mul": "*", "div": "/", "iadd": "+", "isub": "-", "and": "&", "or": "|"}[v.op]
		var expression string
		switch v.op {
		case "add", "sub", "mul", "div":
			expression = arg(0) + binary + arg(1)
		case "fma":
			expression = arg(0) + "*" + arg(1) + "+" + arg(2)
		case "fnma":
			expression = arg(2) + "-" + arg(0) + "*" + arg(1)
		case "max", "max2":
			expression = fmt.Sprintf("max(%s, %s)", arg(0), arg(1))
		case "min", "min2":
			expression = fmt.Sprintf("min(%s, %s)", arg(0), arg(1))
		case "iadd", "isub", "and", "or":
			expression = fmt.Sprintf("math.Float32frombits(%s %s %s)", bits(0), binary, bits(1))
		case "shl":
			expression = fmt.Sprintf("math.Float32frombits(%s << %d)", bits(0), v.bits)
		case "sra":
			expression = fmt.Sprintf("math.Float32frombits(uint32(int32(%s) >> %d))", bits(0), v.bits)
		case "less":
			expression = arg(3)
		}
		names[v] = fmt.Sprint("v", i)
		if v.op != "less" {
			fmt.Fprintf(&s, "%s := %s\n", names[v], expression)
		} else {
			fmt.Fprintf(&s, "var %s float32 = %s\n", names[v], expression)
			fmt.Fprintf(&s, "if %s < %s {\n%s = %s\n}\n", arg(0), arg(1), names[v], arg(2))
		}
	}
	fmt.Fprintf(&s, "y[i] = %s\n", names[f.result])
	return s.String()
}
