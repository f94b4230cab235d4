package model

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// depthwiseKernel is a convolution in which each output channel sees one input
// channel. There is too little to multiply for a matrix product: each plane is
// prepared and summed up tap by tap.
type depthwiseKernel struct {
	*conv
	weights, bias *tensor.Dense // [out taps], [out]
	job           planes
}

func (c *conv) loadDepthwise(scale, shift []float32) (kernel, error) {
	w := make([]float32, c.out*len(c.taps))
	err := c.weights.blocks(c.out, len(c.taps), 0, func(row int, block []float32) {
		for r := range len(block) / len(c.taps) {
			multiply(block[r*len(c.taps):][:len(c.taps)], scale[row+r])
		}
		copy(w[row*len(c.taps):], block)
	})
	if err != nil {
		return nil, err
	}
	k := &depthwiseKernel{
		conv: c, weights: tensor.New(tensor.WithShape(c.out, len(c.taps)), tensor.WithBacking(w)),
		bias: tensor.New(tensor.WithShape(c.out), tensor.WithBacking(shift)),
	}
	k.job = planes{window: &c.window, each: c.out / c.in, sum: k.sum}
	return k, nil
}

func (k *depthwiseKernel) scratch(threads int) int { return k.job.scratch(threads) }

func (k *depthwiseKernel) apply(y *tensor.Dense, xs []*tensor.Dense, with means) error {
	return k.job.apply(y, xs[0], k.in, 0, with)
}

func (k *depthwiseKernel) sum(y, x []float32, channel int) {
	taps := len(k.taps)
	f32.Correlate(y, x, k.taps, k.weights.Float32s()[channel*taps:][:taps], k.bias.Float32s()[channel], k.job.clamp)
}

// planes applies a window to each plane by itself, on one thread or on several.
type planes struct {
	*window
	each  int // outputs of a plane
	sum   func(y, x []float32, channel int)
	done  func(y []float32) // on each finished plane; nil: nothing
	clamp f32.Clamp

	y, x, memory []float32
}

// block is about how many outputs are summed up at a time: they stay in the
// first-level cache.
const block = 2048

func (p *planes) lines() int { return max(1, min(p.oh, block/p.pw)) }

// need is the scratch of a thread: a prepared plane, and outputs with what lies
// between their rows.
func (p *planes) need() int {
	n := 0
	if !p.ready() {
		n = p.plane()
	}
	if p.pw != p.ow {
		n += p.lines() * p.pw
	}
	return n
}

func (p *planes) scratch(threads int) int { return threads * p.need() }

func (p *planes) apply(y, x *tensor.Dense, channels int, pad float32, with means) (err error) {
	if p.x, err = elements(x, channels*p.h*p.w); err != nil {
		return err
	}
	if p.y, err = elements(y, channels*p.each*p.oh*p.ow); err != nil {
		return err
	}
	p.memory, p.clamp = with.scratch, with.clamp
	threads := 1
	if with.pool != nil {
		threads = with.pool.Threads()
	}
	if !p.ready() {
		for t := range threads {
			p.frame(p.memory[t*p.need():][:p.plane()], pad)
		}
	}
	if threads > 1 {
		with.pool.Do(channels, p)
		return nil
	}
	for ch := range channels {
		p.Chunk(0, ch)
	}
	return nil
}

// Chunk computes the outputs of one plane.
func (p *planes) Chunk(thread, channel int) {
	memory := p.memory[thread*p.need():][:p.need()]
	x := p.x[channel*p.h*p.w:][:p.h*p.w]
	if !p.ready() {
		prepared := memory[:p.plane()]
		memory = memory[p.plane():]
		p.inner(prepared, x)
		x = prepared
	}
	for i := channel * p.each; i < (channel+1)*p.each; i++ {
		y := p.y[i*p.oh*p.ow:][:p.oh*p.ow]
		for oy := 0; oy < p.oh; oy += p.lines() {
			lines := min(p.lines(), p.oh-oy)
			flat := (lines-1)*p.pw + p.ow
			if p.pw == p.ow {
				p.sum(y[oy*p.ow:][:flat], x[oy*p.pw:], i)
				continue
			}
			p.sum(memory[:flat], x[oy*p.pw:], i)
			f32.CopyRows(y[oy*p.ow:], p.ow, memory, p.pw, lines, p.ow)
		}
		if p.done != nil {
			p.done(y)
		}
	}
}
