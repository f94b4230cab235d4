package op

import "slices"

// layerNormInPieces finds a layer normalisation that is written out:
//
//	d = x - mean(x),  y = d / sqrt(mean(d^2) + epsilon) gamma + beta
//
// Gamma and beta may be missing.
func layerNormInPieces(g Graph, value int) (Operation, int, []int) {
	p := &pieces{Graph: g}
	at := value
	beta, gamma := p.last(&at, add), p.last(&at, multiply)
	d, deviation, is := pair(g, at, divide)
	if !is {
		return nil, 0, nil
	}
	root, in := g.Maker(deviation)
	if c, is := root.(curve); !is || c.name != squareRoot {
		return nil, 0, nil
	}
	variance, epsilon, _, is := withConstant(g, in[0], add)
	if !is {
		return nil, 0, nil
	}
	squares, size, is := p.mean(variance)
	if !is {
		return nil, 0, nil
	}
	e, known := epsilon.single()
	second, squared := p.square(squares)
	x, mean, is := pair(g, d, subtract)
	if !is || !known || !squared {
		return nil, 0, nil
	}
	again, same, is := pair(g, second, subtract)
	of, size2, isMean := p.mean(mean)
	if !is || again != x || same != mean || of != x || !isMean || size != size2 {
		return nil, 0, nil
	}
	for _, c := range []*Constant{gamma, beta} {
		shape := g.Shape(x)
		if c != nil && (c.volume() != int64(size) || len(c.Dims) > len(shape) || !slices.Equal(c.shape(), shape[len(shape)-len(c.Dims):])) {
			return nil, 0, nil
		}
	}
	p.gone = append(p.gone, deviation, in[0], variance, squares, mean, d)
	if second != d {
		p.gone = append(p.gone, second)
	}
	if !p.closed(value) {
		return nil, 0, nil
	}
	l := &normOp{name: "layer norm", size: size, each: 1, epsilon: float64(e)}
	return heldOp{Operation: l, constants: []*Constant{nil, gamma, beta}, given: []bool{true, false, false}}, x, p.gone
}

// pieces is what a pattern has found so far.
type pieces struct {
	Graph
	gone []int
}

// last takes off an operation with a constant of more than one number, if that
// makes a value.
func (p *pieces) last(value *int, of *binary) *Constant {
	x, c, _, is := withConstant(p.Graph, *value, of)
	if !is || c.volume() < 2 {
		return nil
	}
	p.gone = append(p.gone, x)
	*value = x
	return c
}

// closed says that nobody but the pattern, whose last value this is, uses what
// is gone.
func (p *pieces) closed(value int) bool {
	used := map[int]int{}
	for _, v := range append([]int{value}, p.gone...) {
		_, in := p.Maker(v)
		for _, x := range in {
			used[x]++
		}
	}
	return !slices.ContainsFunc(p.gone, func(v int) bool { return used[v] != p.Uses(v) })
}

// mean is what a value is the mean of, over so many numbers at the end.
func (p *pieces) mean(value int) (of, size int, ok bool) {
	o, in := p.Maker(value)
	l, is := o.(reduceOp)
	if !is || l.by.name != meanOf.name || !l.kept {
		return 0, 0, false
	}
	first := slices.Index(l.over, true)
	if first < 0 || slices.Contains(l.over[first:], false) {
		return 0, 0, false
	}
	return in[0], l.count, true
}

// square is what a value is the square of.
func (p *pieces) square(value int) (of int, ok bool) {
	if a, b, is := pair(p.Graph, value, multiply); is {
		return a, a == b
	}
	a, c, first, is := withConstant(p.Graph, value, power)
	if !is || first {
		return 0, false
	}
	two, known := c.single()
	return a, known && two == 2
}
