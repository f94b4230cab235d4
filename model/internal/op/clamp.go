package op

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// relu bounds every element at 0.
func relu(n *Node) error { return n.each(clampOp{bounds: f32.ReLU, name: "relu"}) }

// clip reads bounds from attributes before version 11, then from inputs.
func clip(n *Node) error {
	c := clampOp{bounds: f32.Clamp{Min: n.Float("min", f32.Linear.Min), Max: n.Float("max", f32.Linear.Max)}}
	if n.Opset >= 11 {
		for i := 1; i < len(n.In) && i < 3; i++ {
			if n.has(i) && n.In[i].Constant == nil {
				return n.clipLive()
			}
		}
		var err error
		if c.bounds.Min, err = n.float(1, f32.Linear.Min); err != nil {
			return err
		}
		if c.bounds.Max, err = n.float(2, f32.Linear.Max); err != nil {
			return err
		}
	}
	c.name = fmt.Sprintf("clip to %g to %g", c.bounds.Min, c.bounds.Max)
	if err := n.takes(1, 3); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	return n.give(c, shape, 0)
}

// clipLive reads a clip whose bounds come with the frame.
func (n *Node) clipLive() error {
	if err := n.takes(1, 3); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	for i := 1; i < len(n.In); i++ {
		if !n.has(i) {
			continue
		}
		if d, err := n.dims(i); err != nil || Volume(d) != 1 {
			return fmt.Errorf("%w: input %d (%.80q) has the shape %d, want one number", ErrMalformed, i, n.Inputs[i], d)
		}
	}
	return n.combine(liveClipOp{}, shape, 0, 1, 2)
}

type liveClipOp struct{ weightless }

func (l liveClipOp) Load() (Kernel, error) { return l, nil }
func (l liveClipOp) String() string        { return "clip" }

func (l liveClipOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	c := f32.Linear
	for i, to := range []*float32{&c.Min, &c.Max} {
		if i+1 < len(xs) && xs[i+1] != nil {
			*to = xs[i+1].Float32s()[0]
		}
	}
	bound(y.Float32s(), xs[0].Float32s(), c)
	return nil
}

// clampOp bounds every element: Relu is the clamp at 0, Relu6 that in [0, 6].
// NaN stays NaN. Where it can, the kernel before it does this on the way.
type clampOp struct {
	weightless
	bounds f32.Clamp
	name   string
}

func (l clampOp) InPlace()              {}
func (l clampOp) Bounded()              {}
func (l clampOp) Load() (Kernel, error) { return l, nil }
func (l clampOp) String() string        { return l.name }

// After is what c and then l do.
func (l clampOp) After(c f32.Clamp) f32.Clamp {
	both := func(v float32) float32 { return min(max(v, l.bounds.Min), l.bounds.Max) }
	return f32.Clamp{Min: both(c.Min), Max: both(c.Max)}
}

func (l clampOp) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x := xs[0].Float32s()
	bound(y.Float32s()[:len(x)], x, clampOp{bounds: with.Clamp}.After(l.bounds))
	return nil
}

// bound gives x within c; y may be x.
func bound(y, x []float32, c f32.Clamp) {
	f32.Bounded(c).Apply(y, x)
}
