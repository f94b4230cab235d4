package op

// paddedWindow finds a convolution or an average pool over zeros that a Pad puts
// around the planes, which exporters write for an average that counts its padding:
// such a window has them as padding of its own, and nothing is copied.
//
//	x ──▶ pad with zeros ──▶ average pool
func paddedWindow(g Graph, value int) (Operation, int, []int) {
	o, in := g.Maker(value)
	if len(in) != 1 || g.Uses(in[0]) != 1 {
		return nil, 0, nil
	}
	before, from := g.Maker(in[0])
	pick, is := before.(*pickOp)
	if !is {
		return nil, 0, nil
	}
	zeros, ok := pick.zeros()
	if !ok {
		return nil, 0, nil
	}
	switch l := o.(type) {
	case *convOp:
		c := *l
		c.padWith(zeros)
		return &c, from[0], in
	case *poolOp:
		if !l.mean {
			return nil, 0, nil
		}
		p := *l
		p.padWith(zeros)
		for a, z := range zeros {
			p.counted[a][0] += z[0]
			p.counted[a][1] += z[1]
		}
		return &p, from[0], in
	}
	return nil, 0, nil
}

// zeros is how many the operation puts before and behind each axis of planes, of
// which a single one is the second. It is ok if it does nothing else.
func (l *pickOp) zeros() (zeros [2][2]int, ok bool) {
	rank := len(l.from)
	if l.pad != 0 || rank < 3 || rank > 4 {
		return zeros, false
	}
	for i, c := range l.axes {
		n := l.from[i]
		if c.whole(n) {
			continue
		}
		before, behind := -c.start, c.start+c.size-n
		if i < 2 || c.mode != "constant" || before < 0 || behind < 0 {
			return zeros, false
		}
		zeros[i+2-rank] = [2]int{before, behind}
	}
	return zeros, true
}

// padWith makes the padding that its planes have a part of the window.
func (g *window) padWith(zeros [2][2]int) {
	for a, z := range zeros {
		g.before[a] += z[0]
	}
	g.h -= zeros[0][0] + zeros[0][1]
	g.w -= zeros[1][0] + zeros[1][1]
}
