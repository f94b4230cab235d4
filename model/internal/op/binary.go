package op

import "fmt"

// What the operators on two tensors do with two numbers, or two lines of them.

var add = &binary{
	name: "add",
	line: func(y, a, b []float32, sa, sb int) {
		if sa == 1 && sb == 1 {
			a, b = a[:len(y)], b[:len(y)]
			for i := range y {
				y[i] = a[i] + b[i]
			}
			return
		}
		for i := range y {
			y[i] = a[i*sa] + b[i*sb]
		}
	},
	ints: func(a, b int64) (int64, error) { return a + b, nil },
	as:   func(c *Constant, _ bool) (scaling, bool) { return scaling{shift: c, times: 1}, true },
}

var subtract = &binary{
	name: "subtract",
	line: func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = a[i*sa] - b[i*sb]
		}
	},
	ints: func(a, b int64) (int64, error) { return a - b, nil },
	as:   func(c *Constant, first bool) (scaling, bool) { return scaling{shift: c, times: -1}, !first },
}

var multiply = &binary{
	name: "multiply",
	line: func(y, a, b []float32, sa, sb int) {
		if sa == 1 && sb == 1 {
			a, b = a[:len(y)], b[:len(y)]
			for i := range y {
				y[i] = a[i] * b[i]
			}
			return
		}
		for i := range y {
			y[i] = a[i*sa] * b[i*sb]
		}
	},
	ints: func(a, b int64) (int64, error) { return a * b, nil },
	as:   func(c *Constant, _ bool) (scaling, bool) { return scaling{factor: c}, true },
}

var divide = &binary{
	name: "divide",
	line: func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = a[i*sa] / b[i*sb]
		}
	},
	ints: func(a, b int64) (int64, error) {
		if b == 0 {
			return 0, fmt.Errorf("%w: it divides by 0", ErrMalformed)
		}
		return a / b, nil
	},
}

var minimum = &binary{
	name: "minimum",
	line: func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = min(a[i*sa], b[i*sb])
		}
	},
	ints: func(a, b int64) (int64, error) { return min(a, b), nil },
}

var maximum = &binary{
	name: "maximum",
	line: func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = max(a[i*sa], b[i*sb])
		}
	},
	ints: func(a, b int64) (int64, error) { return max(a, b), nil },
}
