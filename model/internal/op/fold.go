package op

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

// Constant folding: what depends on constants alone is computed when the network
// is opened, by the kernel that computes it for a frame. Exporters leave such
// nodes behind where they compute shapes and masks.
//
// Kernels compute with float32. An operation that only moves elements is
// computed with their places, and so moves numbers of any type; of others,
// integers that float32 does not hold are refused.

// fold reads a node of constants as if the first of them came with the frame,
// and computes what it gives.
func (n *Node) fold(o Operator) error {
	if o.Read == nil || len(n.In) == 0 {
		return fmt.Errorf("%w: an input is missing", ErrMalformed)
	}
	c, shape, err := n.small(0)
	if err != nil {
		return err
	}
	of := *n
	of.folding = true
	of.In, of.Results = append([]Input{{Shape: shape, Type: c.Type}}, n.In[1:]...), nil
	if err := o.Read(&of); err != nil {
		return err
	}
	for i, r := range of.Results {
		switch {
		case r.Also:
		case r.Constant != nil:
			err = n.known(r.Constant)
		case r.Operation == nil: // another name for it
			err = n.known(&Constant{Dims: c.Dims, Type: c.Type, ints: c.ints, reals: c.reals})
		default:
			more := 1
			for i+more < len(of.Results) && of.Results[i+more].Also {
				more++
			}
			err = n.evaluate(of.Results[i:i+more], c, shape)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// evaluate makes the next outputs what an operation gives for a constant.
func (n *Node) evaluate(results []Result, c *Constant, shape []int) error {
	operation := results[0].Operation
	// Multiply-adds are paid for as well, so that no file keeps the reader busy.
	if err := n.Budget.spend(4*int64(Volume(shape)) + operation.Bytes() + operation.Work()/256); err != nil {
		return err
	}
	if Volume(results[0].Shape) == 0 {
		return n.known(&Constant{Type: results[0].Type, Dims: wide(results[0].Shape)})
	}
	if Volume(shape) == 0 {
		return fmt.Errorf("a constant of shape %d: %w: it has no elements", shape, ErrUnsupported)
	}
	var ys []*tensor.Dense
	for _, r := range results {
		if err := n.Budget.spend(12 * int64(Volume(r.Shape)+8)); err != nil {
			return err
		}
		ys = append(ys, over(make([]float32, Volume(r.Shape)), r.Shape))
	}
	m, is := operation.(Mover)
	moves := is && m.Moves()
	x := over(make([]float32, Volume(shape)), shape)
	for i := range x.Float32s() {
		switch {
		case moves:
			x.Float32s()[i] = float32(i)
		case !c.Type.Integer():
			x.Float32s()[i] = c.reals[i]
		default:
			v := c.ints[i]
			// Where real numbers come of it, as of the bias of a quantised layer, it is rounded as they are.
			if x.Float32s()[i] = float32(v); (v < -exact || v > exact) && results[0].Type != onnx.Float32 {
				return fmt.Errorf("%d: %w: integers are computed with up to %d", v, ErrUnsupported, exact)
			}
		}
	}
	if err := calculate(operation, ys, x); err != nil {
		return err
	}
	for i, r := range results {
		y := numbers(r.Type, r.Shape, ys[i].Float32s())
		if moves {
			y = elementsAt(c, r.Shape, ys[i].Float32s())
		}
		if err := n.known(y); err != nil {
			return err
		}
	}
	return nil
}

// exact is up to where float32 holds every integer.
const exact = 1 << 24

// calculate computes an operation once.
func calculate(o Operation, ys []*tensor.Dense, x *tensor.Dense) error {
	k, err := o.Load()
	if err != nil {
		return err
	}
	if f, ok := k.(Freer); ok {
		defer f.Free()
	}
	with := With{Clamp: f32.Linear, More: ys[1:]}
	if s, ok := k.(Shared); ok {
		with.Scratch = make([]float32, s.Scratch(1))
	}
	return k.Apply(ys[0], []*tensor.Dense{x}, with)
}

// numbers is a constant of that type with these elements.
func numbers(of onnx.DataType, shape []int, v []float32) *Constant {
	c := &Constant{Type: of, Dims: wide(shape)}
	if !of.Integer() {
		c.reals = v
		return c
	}
	for _, x := range v {
		c.ints = append(c.ints, int64(x))
	}
	return c
}

// elementsAt is a constant of the elements of c at these places.
func elementsAt(c *Constant, shape []int, places []float32) *Constant {
	to := &Constant{Type: c.Type, Dims: wide(shape)}
	for _, at := range places {
		if c.Type.Integer() {
			to.ints = append(to.ints, c.ints[int(at)])
		} else {
			to.reals = append(to.reals, c.reals[int(at)])
		}
	}
	return to
}

// small reads input i, a constant that is computed with, and gives its shape.
func (n *Node) small(i int) (*Constant, []int, error) {
	var c *Constant
	if i < len(n.In) {
		c = n.In[i].Constant
	}
	if c == nil {
		return nil, nil, fmt.Errorf("%w: an input is missing", ErrMalformed)
	}
	if err := c.know(n.Budget); err != nil {
		return nil, nil, err
	}
	shape, err := fewDims(c.Dims)
	return c, shape, err
}

// fewDims checks that a constant has no more elements than an activation.
func fewDims(dims []int64) ([]int, error) {
	small, n := make([]int, len(dims)), int64(1)
	for i, d := range dims {
		if d < 0 || d > maxElements/max(1, n) || len(dims) > MaxRank {
			return nil, fmt.Errorf("a constant of shape %d: %w: it is too large to compute with", dims, ErrUnsupported)
		}
		small[i] = int(d)
		n *= max(1, d)
	}
	return small, nil
}

// wide is a shape as files have it.
func wide(shape []int) []int64 {
	var dims []int64
	for _, d := range shape {
		dims = append(dims, int64(d))
	}
	return dims
}
