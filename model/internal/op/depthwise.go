package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// depthwiseKernel is a convolution in which each output channel sees one input
// channel. There is too little to multiply for a matrix product. The windows that
// networks mostly have slide over each plane as it is; for others each plane is
// prepared and summed up tap by tap.
type depthwiseKernel struct {
	*convOp
	weights, bias *tensor.Dense // [out taps], [out]
	slide         *f32.Depthwise
	job           planes // where slide is nil

	y, x, by, plus, scratch []float32 // of the frame at hand: results, inputs, weights, bias
	clamp                   f32.Clamp
}

func (c *convOp) loadDepthwise(scale, shift []float32) (Kernel, error) {
	w := make([]float32, c.out*len(c.taps))
	err := c.weights.blocks(c.out, len(c.taps), 0, func(row int, block []float32) {
		for r := range len(block) / len(c.taps) {
			scaleBy(block[r*len(c.taps):][:len(c.taps)], scale[row+r])
		}
		copy(w[row*len(c.taps):], block)
	})
	if err != nil {
		return nil, err
	}
	k := &depthwiseKernel{
		convOp: c, weights: tensor.New(tensor.WithShape(c.out, len(c.taps)), tensor.WithBacking(w)), bias: vector(shift),
		slide: c.slide(),
	}
	k.job = planes{window: &c.window, each: c.out / c.in, sum: k.sum}
	return k, nil
}

// slide is the window where it is square and package f32 has a kernel for it.
func (g *window) slide() *f32.Depthwise {
	if g.kernel[0] != g.kernel[1] || g.stride[0] != g.stride[1] || g.dilation != [2]int{1, 1} {
		return nil
	}
	return f32.NewDepthwise(f32.Sliding{
		H: g.h, W: g.w, Kernel: g.kernel[0], Stride: g.stride[0], Top: g.before[0], Left: g.before[1], OH: g.oh, OW: g.ow,
	})
}

func (k *depthwiseKernel) Scratch(threads int) int {
	if k.slide != nil {
		return threads * k.slide.Scratch()
	}
	return k.job.scratch(threads)
}

func (k *depthwiseKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) (err error) {
	if k.slide == nil {
		return k.job.apply(y, xs[0], 0, with)
	}
	if k.x, err = elements(xs[0], k.in*k.h*k.w); err != nil {
		return err
	}
	if k.y, err = elements(y, k.out*k.oh*k.ow); err != nil {
		return err
	}
	k.by, k.plus = k.weights.Float32s(), k.bias.Float32s()
	k.scratch, k.clamp = with.Scratch, with.Clamp
	if with.Team != nil {
		with.Team.Do(k.in, k)
		return nil
	}
	for channel := range k.in {
		k.Chunk(0, channel)
	}
	return nil
}

// Chunk computes the outputs of one plane.
func (k *depthwiseKernel) Chunk(thread, channel int) {
	scratch := k.scratch[thread*k.slide.Scratch():][:k.slide.Scratch()]
	plane, taps, each := k.oh*k.ow, len(k.taps), k.out/k.in
	for i := channel * each; i < (channel+1)*each; i++ {
		k.slide.Plane(k.y[i*plane:][:plane], k.x, channel*k.h*k.w, k.by[i*taps:][:taps], k.plus[i], k.clamp, scratch)
	}
}

// sum adds up a row tap by tap.
func (k *depthwiseKernel) sum(y, x []float32, channel int) {
	taps := len(k.taps)
	f32.Correlate(y, x, k.taps, k.weights.Float32s()[channel*taps:][:taps], k.bias.Float32s()[channel], k.job.clamp)
}
