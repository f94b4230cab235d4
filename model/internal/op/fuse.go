package op

// Graph is what lies around an operation, for those who look for patterns in it.
// Values have numbers, in an order in which they can be computed.
type Graph interface {
	// Maker is the operation that makes this value and no other, and from what;
	// nil if there is none.
	Maker(value int) (o Operation, in []int)
	Shape(value int) []int
	Uses(value int) int // the network's outputs are uses
}

// Fuse finds one operation for what exporters write out in pieces, if the value
// is the last of them: it makes the value from that one, and the others that
// are gone are needed no more.
func Fuse(g Graph, value int) (o Operation, from int, gone []int) {
	if o, from, gone = layerNormInPieces(g, value); o != nil {
		return o, from, gone
	}
	if o, from, gone = paddedWindow(g, value); o != nil {
		return o, from, gone
	}
	return curveInPieces(g, value)
}

// pair is the two operands of an arithmetic operation that makes a value, if it
// is this one and no operand is a constant.
func pair(g Graph, value int, of *binary) (a, b int, ok bool) {
	o, in := g.Maker(value)
	l, is := o.(*arithmeticOp)
	if !is || l.of != of || l.constant != nil {
		return 0, 0, false
	}
	return in[0], in[1], true
}

// withConstant is the operand and the constant of an arithmetic operation.
func withConstant(g Graph, value int, of *binary) (a int, c *Constant, first, ok bool) {
	o, in := g.Maker(value)
	l, is := o.(*arithmeticOp)
	if !is || l.of != of || l.constant == nil {
		return 0, nil, false, false
	}
	return in[0], l.constant, l.first, true
}

// single is the number of a constant that has but one.
func (c *Constant) single() (float32, bool) {
	if c.volume() != 1 {
		return 0, false
	}
	v, err := c.floats()
	if err != nil {
		return 0, false
	}
	return v[0], true
}
