package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// narrowDenseKernel is a dense layer whose weights are bytes.
type narrowDenseKernel struct {
	engine *packed
	narrow *narrow
	bias   *tensor.Dense    // [out]
	y      [1]*tensor.Dense // of one frame, kept here so that they are not allocated
	x      [1]*tensor.Dense
}

func (s *stored) loadNarrow(out, in int) (Kernel, error) {
	scale, shift, err := combine(s.after, out)
	if err != nil {
		return nil, err
	}
	scaleBy(scale, s.alpha)
	k := &narrowDenseKernel{engine: newPacked(f32.Bare(out, in)), bias: vector(shift)}
	k.narrow, err = s.weights.narrowed(scale, s.across)
	return k, err
}

var (
	_ Joint  = (*narrowDenseKernel)(nil)
	_ Shared = (*narrowDenseKernel)(nil)
)

func (k *narrowDenseKernel) Scratch(int) int { return k.narrow.room(k.engine.m) }

func (k *narrowDenseKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	k.y[0], k.x[0] = y, xs[0]
	return k.ApplyAll(k.y[:], k.x[:], with)
}

func (k *narrowDenseKernel) ApplyAll(ys, xs []*tensor.Dense, with With) error {
	k.narrow.fill(k.engine.m, 0, with.Scratch)
	k.engine.finish(k.bias, with)
	return k.engine.all(ys, xs)
}
