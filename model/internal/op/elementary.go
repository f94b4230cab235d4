package op

// elementary reads an operator that applies a function of analysis to every
// element.
func elementary(name string, f func(float64) float64) Operator {
	return Operator{Read: func(n *Node) error { return n.curve(name, f) }}
}

// curve gives f of every element.
func (n *Node) curve(name string, f func(float64) float64) error {
	return n.each(curve{name: name, of: func(y, x []float32) {
		for i, v := range x {
			y[i] = float32(f(float64(v)))
		}
	}})
}

const squareRoot = "square root"

func negative(x float64) float64   { return -x }
func reciprocal(x float64) float64 { return 1 / x }

// sign is -1, 0 or 1.
func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}
