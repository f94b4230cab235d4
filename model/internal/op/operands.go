package op

import "gorgonia.org/tensor"

// operands is what an operation computes with where any of its inputs may be a
// constant: those, and nil for each that comes with the frame.
type operands []*Constant

// operands reads inputs [from, to) of the node: which of them are constants,
// their shapes, and the places of the others.
func (n *Node) operands(from, to int) (o operands, shapes [][]int, frame []int, err error) {
	for i := from; i < to; i++ {
		in := n.In[i]
		if in.Constant == nil {
			o, shapes, frame = append(o, nil), append(shapes, in.Shape), append(frame, i)
			continue
		}
		if err := in.Constant.numeric(); err != nil {
			return nil, nil, nil, err
		}
		o, shapes = append(o, in.Constant), append(shapes, in.Constant.shape())
	}
	return o, shapes, frame, nil
}

func (o operands) Bytes() int64 {
	var sum int64
	for _, c := range o {
		if c != nil {
			sum += 4 * c.volume()
		}
	}
	return sum
}

// load reads the constants.
func (o operands) load() (loaded, error) {
	l := make(loaded, len(o))
	for i, c := range o {
		if c == nil {
			continue
		}
		t, err := c.tensor()
		if err != nil {
			return nil, err
		}
		l[i].t, l[i].held = t, true
	}
	return l, nil
}

// loaded is operands in memory.
type loaded []struct {
	t    *tensor.Dense
	held bool // a constant
}

// with puts the tensors that come with the frame into their places.
func (l loaded) with(xs []*tensor.Dense) loaded {
	for i := range l {
		if !l[i].held {
			l[i].t, xs = xs[0], xs[1:]
		}
	}
	return l
}
