package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// depthwiseKernel is a convolution in which each output channel sees one input
// channel. There is too little to multiply for a matrix product.
type depthwiseKernel struct {
	*convOp
	weights, bias []float32 // [out taps], [out]
	job           planes
}

func (c *convOp) loadDepthwise(scale, shift []float32) (Kernel, error) {
	w := make([]float32, c.out*len(c.taps))
	err := c.blocks(c.out, len(c.taps), 0, func(row int, block []float32) {
		for r := range len(block) / len(c.taps) {
			scaleBy(block[r*len(c.taps):][:len(c.taps)], scale[row+r])
		}
		copy(w[row*len(c.taps):], block)
	})
	if err != nil {
		return nil, err
	}
	k := &depthwiseKernel{convOp: c, weights: w, bias: shift}
	k.job = planes{window: &c.window, each: c.out / c.in, slide: c.sliding(f32.NewSum), whole: k.whole, sum: k.sum}
	return k, nil
}

func (k *depthwiseKernel) Scratch(threads int) int { return k.job.scratch(threads) }

func (k *depthwiseKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	return k.job.apply(y, xs[0], 0, with)
}

func (k *depthwiseKernel) whole(y, x []float32, at, channel int, scratch []float32) {
	taps := len(k.taps)
	k.job.slide.Sum(y, x, at, k.weights[channel*taps:][:taps], k.bias[channel], k.job.clamp, scratch)
}

func (k *depthwiseKernel) sum(y, x []float32, channel int) {
	taps := len(k.taps)
	f32.Correlate(y, x, k.taps, k.weights[channel*taps:][:taps], k.bias[channel], k.job.clamp)
}
