package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// Products of quantised numbers. Sums are exact: they are made in float64, and
// only sums beyond 2^24 are rounded when they are handed on.

// convInteger is a convolution of integers with their zero points taken away,
// which gives int32.
func convInteger(n *Node) error {
	if err := n.takes(2, 4); err != nil {
		return err
	}
	to, o, err := n.integerConv(0, 1)
	if err != nil {
		return err
	}
	o.inputs = integerInputs{x: 0, w: 1, xZero: 2, wZero: 3, xScale: -1, wScale: -1, yScale: -1, yZero: -1, bias: -1}
	return n.typed(onnx.Int32, n.combine(o, to, 0, 1, 2, 3))
}

// qLinearConv is a convolution of quantised numbers that gives quantised ones.
//
// https://onnx.ai/onnx/operators/onnx__QLinearConv.html
func qLinearConv(n *Node) error {
	if err := n.takes(8, 9); err != nil {
		return err
	}
	to, o, err := n.integerConv(0, 3)
	if err != nil {
		return err
	}
	o.inputs = integerInputs{x: 0, xScale: 1, xZero: 2, w: 3, wScale: 4, wZero: 5, yScale: 6, yZero: 7, bias: 8}
	o.to = n.holds(7)
	return n.typed(o.to, n.combine(o, to, 0, 1, 2, 3, 4, 5, 6, 7, 8))
}

// integerInputs is where the kernel finds what; -1: nowhere.
type integerInputs struct{ x, w, xZero, wZero, xScale, wScale, yScale, yZero, bias int }

// at is an input, or nil where it is left out.
func at(xs []*tensor.Dense, i int) *tensor.Dense {
	if i < 0 || i >= len(xs) {
		return nil
	}
	return xs[i]
}

// each is the number of a channel in a list of one for all, or one for each.
func each(t *tensor.Dense, channel int, otherwise float64) float64 {
	if t == nil {
		return otherwise
	}
	f := t.Float32s()
	return float64(f[channel%len(f)])
}

func (n *Node) integerConv(x, w int) (to []int, o *integerConvOp, err error) {
	shape, err := n.dims(x)
	if err != nil {
		return nil, nil, err
	}
	s, groups, err := n.filters(shape, w)
	if err != nil {
		return nil, nil, err
	}
	filters, _ := n.dims(w)
	o = &integerConvOp{spatial: s, groups: groups, work: s.work(shape[0], filters)}
	return slices.Concat([]int{shape[0], filters[0]}, s.out), o, nil
}

type integerConvOp struct {
	spatial
	groups int
	work   int64
	inputs integerInputs
	to     onnx.DataType // 0: the sums
}

func (c *integerConvOp) Work() int64  { return c.work }
func (c *integerConvOp) Bytes() int64 { return 0 }

func (c *integerConvOp) String() string { return fmt.Sprintf("conv of integers, %v", c.kernel) }

func (c *integerConvOp) Load() (Kernel, error) {
	k := &integerConvKernel{integerConvOp: c}
	k.conv = directConvKernel{lattice: c.lattice(c.size, c.out), groups: c.groups, sums: make([]float64, Volume(c.out))}
	return k, nil
}

type integerConvKernel struct {
	*integerConvOp
	conv directConvKernel
}

func (k *integerConvKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	in, z, plane := k.inputs, y.Float32s(), len(k.conv.sums)
	var zeros []float32
	if t := at(xs, in.wZero); t != nil {
		zeros = t.Float32s()
	}
	k.conv.planes(xs[in.x], xs[in.w], each(at(xs, in.xZero), 0, 0), zeros, func(i, channel int) {
		to := z[i*plane:][:plane]
		if k.to == 0 {
			for j, v := range k.conv.sums {
				to[j] = float32(v)
			}
			return
		}
		scale := float32(each(xs[in.xScale], 0, 1)) * float32(each(xs[in.wScale], channel, 1)) / float32(each(xs[in.yScale], 0, 1))
		bias, zero := each(at(xs, in.bias), channel, 0), each(xs[in.yZero], 0, 0)
		least, most := k.to.Range()
		for j, v := range k.conv.sums {
			to[j] = rounded(float64(float32(v+bias)*scale), zero, least, most)
		}
	})
	return nil
}

// matMulInteger is a product of matrices of integers with their zero points
// taken away, which gives int32.
func matMulInteger(n *Node) error {
	if err := n.takes(2, 4); err != nil {
		return err
	}
	o := integerProductOp{inputs: integerInputs{x: 0, w: 1, xZero: 2, wZero: 3, xScale: -1, wScale: -1, yScale: -1, yZero: -1}}
	to, err := n.integerProduct(&o, 0, 1)
	if err != nil {
		return err
	}
	return n.typed(onnx.Int32, n.combine(o, to, 0, 1, 2, 3))
}

// qLinearMatMul is a product of quantised matrices that gives a quantised one.
//
// https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html
func qLinearMatMul(n *Node) error {
	if err := n.takes(8, 8); err != nil {
		return err
	}
	o := integerProductOp{inputs: integerInputs{x: 0, xScale: 1, xZero: 2, w: 3, wScale: 4, wZero: 5, yScale: 6, yZero: 7}, to: n.holds(7)}
	to, err := n.integerProduct(&o, 0, 3)
	if err != nil {
		return err
	}
	return n.typed(o.to, n.combine(o, to, 0, 1, 2, 3, 4, 5, 6, 7))
}

// integerProduct reads the matrices that o multiplies, and gives the shape of the
// result.
func (n *Node) integerProduct(o *integerProductOp, a, b int) ([]int, error) {
	left, err := n.dims(a)
	if err != nil {
		return nil, err
	}
	right, err := n.dims(b)
	if err != nil {
		return nil, err
	}
	if len(left) < 2 || len(right) < 2 || left[len(left)-1] != right[len(right)-2] {
		return nil, fmt.Errorf("%w: matrices of shape %v and %v", ErrMalformed, left, right)
	}
	to, err := broadcast(left[:len(left)-2], right[:len(right)-2])
	to = append(to, left[len(left)-2], right[len(right)-1])
	o.work = int64(Volume(to)) * int64(left[len(left)-1])
	return to, err
}

type integerProductOp struct {
	inputs integerInputs
	to     onnx.DataType // 0: the sums
	work   int64
}

func (l integerProductOp) Work() int64  { return l.work }
func (l integerProductOp) Bytes() int64 { return 0 }

func (l integerProductOp) Load() (Kernel, error) { return l, nil }
func (l integerProductOp) String() string        { return "product of integers" }

func (l integerProductOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	in, z := l.inputs, y.Float32s()
	a, b := xs[in.x], xs[in.w]
	rank := len(y.Shape())
	rows, cols, inner := y.Shape()[rank-2], y.Shape()[rank-1], a.Shape()[len(a.Shape())-1]
	least, most := l.to.Range()
	for m := range len(z) / (rows * cols) {
		left, right := a.Float32s()[matrixAt(y.Info(), a.Info(), m)*rows*inner:], b.Float32s()[matrixAt(y.Info(), b.Info(), m)*inner*cols:]
		for r := range rows {
			for c := range cols {
				xZero, wZero := each(at(xs, in.xZero), r, 0), each(at(xs, in.wZero), c, 0)
				sum := 0.0
				for k := range inner {
					sum += (float64(left[r*inner+k]) - xZero) * (float64(right[k*cols+c]) - wZero)
				}
				to := &z[(m*rows+r)*cols+c]
				if l.to == 0 {
					*to = float32(sum)
					continue
				}
				scale := float32(each(xs[in.xScale], r, 1)) * float32(each(xs[in.wScale], c, 1)) / float32(each(xs[in.yScale], r, 1))
				*to = rounded(float64(float32(sum)*scale), each(xs[in.yZero], r, 0), least, most)
			}
		}
	}
	return nil
}

// matrixAt is the number of the matrix of t that matrix m of y is made of; t is
// repeated where it has one and y more.
func matrixAt(y, t *tensor.AP, m int) int {
	rank, number, step := len(y.Shape()), 0, 1
	for i := rank - 3; i >= 0; i-- {
		place := m % y.Shape()[i]
		m /= y.Shape()[i]
		if d := along(t.Shape(), rank, i); d > 1 {
			number += place * step
			step *= d
		}
	}
	return number
}
