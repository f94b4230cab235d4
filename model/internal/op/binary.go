package op

import (
	"fmt"
	"math"

	"tandem/model/internal/f32"
)

// What the operators on two tensors do with two numbers, or two lines of them.

// paired makes a line of what f32 has a kernel for; each is the same of two
// numbers.
func paired(p f32.Pair, each func(a, b float32) float32) func(y, a, b []float32, sa, sb int) {
	return func(y, a, b []float32, sa, sb int) {
		var f f32.Function
		ok := false
		switch {
		case sa == 1 && sb == 1:
			p.Apply(y, a[:len(y)], b, f32.Linear)
			return
		case sa == 1 && sb == 0:
			if f, ok = p.With(b[0], f32.Linear); ok {
				f.Apply(y, a[:len(y)])
				return
			}
		case sa == 0 && sb == 1:
			if f, ok = p.From(a[0], f32.Linear); ok {
				f.Apply(y, b[:len(y)])
				return
			}
		}
		for i := range y {
			y[i] = each(a[i*sa], b[i*sb])
		}
	}
}

// pairwise makes a line of what f makes of two numbers.
func pairwise(f func(a, b float64) float64) func(y, a, b []float32, sa, sb int) {
	return func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = float32(f(float64(a[i*sa]), float64(b[i*sb])))
		}
	}
}

var add = &binary{
	name: "add",
	line: paired(f32.Add, func(a, b float32) float32 { return a + b }),
	ints: func(a, b int64) (int64, error) { return a + b, nil },
	as:   func(c *Constant, _ bool) (scaling, bool) { return scaling{shift: c, times: 1}, true },
}

var subtract = &binary{
	name: "subtract",
	line: paired(f32.Subtract, func(a, b float32) float32 { return a - b }),
	ints: func(a, b int64) (int64, error) { return a - b, nil },
	as:   func(c *Constant, first bool) (scaling, bool) { return scaling{shift: c, times: -1}, !first },
}

var multiply = &binary{
	name: "multiply",
	line: paired(f32.Multiply, func(a, b float32) float32 { return a * b }),
	ints: func(a, b int64) (int64, error) { return a * b, nil },
	as:   func(c *Constant, _ bool) (scaling, bool) { return scaling{factor: c}, true },
}

var divide = &binary{
	name: "divide",
	line: paired(f32.Divide, func(a, b float32) float32 { return a / b }),
	whole: pairwise(func(a, b float64) float64 {
		if b == 0 { // ONNX does not say what this is
			return 0
		}
		return math.Trunc(a / b)
	}),
	ints: func(a, b int64) (int64, error) {
		if b == 0 {
			return 0, fmt.Errorf("%w: it divides by 0", ErrMalformed)
		}
		return a / b, nil
	},
}

var eachPower = pairwise(math.Pow)

var power = &binary{
	name: "power",
	line: func(y, a, b []float32, sa, sb int) {
		if sa == 1 && sb == 0 && b[0] == 2 {
			f32.Multiply.Apply(y, a[:len(y)], a, f32.Linear)
			return
		}
		eachPower(y, a, b, sa, sb)
	},
	whole: pairwise(func(a, b float64) float64 { return math.Trunc(math.Pow(a, b)) }),
}

// remainder has the sign of the divisor, as in Python, and fmod that of the
// dividend.
var remainder = &binary{
	name: "remainder",
	line: pairwise(remainderOf),
	ints: func(a, b int64) (int64, error) {
		if b == 0 {
			return 0, fmt.Errorf("%w: it divides by 0", ErrMalformed)
		}
		return ((a % b) + b) % b, nil
	},
}

func remainderOf(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	m := math.Mod(a, b)
	if m != 0 && math.Signbit(m) != math.Signbit(b) {
		m += b
	}
	return m
}

var fmod = &binary{name: "fmod", line: pairwise(math.Mod)}

// mod reads Mod.
func mod(n *Node) error {
	if n.Int("fmod", 0) != 0 {
		return fmod.read(n)
	}
	return remainder.read(n)
}

func foldMod(n *Node) error {
	if n.Int("fmod", 0) != 0 {
		return fmod.fold(n)
	}
	return remainder.fold(n)
}

// prelu is x where it is positive, and elsewhere x times a slope.
var prelu = &binary{
	name: "prelu",
	line: paired(f32.PReLU, func(a, b float32) float32 { return max(a, 0) + min(a, 0)*b }),
}

var minimum = &binary{
	name: "minimum",
	line: paired(f32.Smaller, func(a, b float32) float32 { return min(a, b) }),
	ints: func(a, b int64) (int64, error) { return min(a, b), nil },
}

var maximum = &binary{
	name: "maximum",
	line: paired(f32.Larger, func(a, b float32) float32 { return max(a, b) }),
	ints: func(a, b int64) (int64, error) { return max(a, b), nil },
}
