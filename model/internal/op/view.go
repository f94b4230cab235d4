package op

import "gorgonia.org/tensor"

// over is a tensor of that shape whose elements lie in memory.
func over(memory []float32, shape []int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(memory))
}

// rowMajor is the access pattern of a tensor whose elements lie in row-major
// order, without gaps.
func rowMajor(shape []int) *tensor.AP {
	ap := tensor.MakeAP(shape, tensor.Shape(shape).CalcStrides(), 0, 0)
	return &ap
}

// pattern is the access pattern of that shape and these strides.
func pattern(shape, strides []int) *tensor.AP {
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] > 1 && strides[i] != step {
			ap := tensor.MakeAP(shape, strides, tensor.MakeDataOrder(tensor.NonContiguous), 0)
			return &ap
		}
		step *= shape[i]
	}
	return rowMajor(shape)
}

// Copy is the kernel that copies the elements of one tensor to another, whatever
// shape it has.
type Copy struct{}

func (Copy) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x := xs[0]
	if x.DataOrder().IsContiguous() {
		copy(y.Float32s(), x.Float32s())
		return nil
	}
	var w walk
	step := x.Size()
	for i, d := range x.Shape() {
		step /= d
		w.add(d, moves{step, x.Strides()[i]})
	}
	rearrange(y.Float32s(), x.Float32s(), w)
	return nil
}

// rearrange copies along a walk over y and x.
func rearrange[T any](y, x []T, w walk) {
	n, move := w.inner()
	for at := (moves{}); n > 0; {
		line, from := y[at[0]:], x[at[1]:]
		switch {
		case move[0] > 1:
			for i := range n {
				line[i*move[0]] = from[i*move[1]]
			}
		case move[1] == 1:
			copy(line[:n], from)
		default:
			line = line[:n]
			for i := range line {
				line[i] = from[i*move[1]]
			}
		}
		if !w.next(&at) {
			return
		}
	}
}
