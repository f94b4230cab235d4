package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// planes applies a window to each plane by itself, on one thread or on several.
// The windows that networks mostly have slide over each plane as it is; for the
// others it is prepared, and passed through tap by tap.
type planes struct {
	*window
	each  int // outputs of a plane
	slide *f32.Window
	whole func(y, x []float32, at, channel int, scratch []float32) // y, of the plane at x[at], by slide; if that is not nil
	sum   func(y, x []float32, channel int)
	done  func(y []float32) // on each finished plane; nil: nothing
	clamp f32.Clamp
	then  f32.Epilogue

	y, x, memory []float32
	past         int // how much of the next plane may be overwritten
}

// sliding is the window where it is square and package f32 has a kernel for it,
// that make makes; nil where not.
func (g *window) sliding(make func(f32.Sliding) *f32.Window) *f32.Window {
	if g.kernel[0] != g.kernel[1] || g.stride[0] != g.stride[1] || g.dilation != [2]int{1, 1} {
		return nil
	}
	return make(f32.Sliding{
		H: g.h, W: g.w, Kernel: g.kernel[0], Stride: g.stride[0], Top: g.before[0], Left: g.before[1], OH: g.oh, OW: g.ow,
	})
}

// block is about how many outputs are summed up at a time: they stay in the
// first-level cache.
const block = 2048

func (p *planes) lines() int { return max(1, min(p.oh, block/p.pw)) }

// need is the scratch of a thread: a prepared plane, and outputs with what lies
// between their rows.
func (p *planes) need() int {
	if p.slide != nil {
		return p.slide.Scratch()
	}
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

// apply writes pad around the planes of x, of shape [n channels h w].
func (p *planes) apply(y, x *tensor.Dense, pad float32, with With) (err error) {
	channels := x.Shape()[0] * x.Shape()[1]
	if p.x, err = elements(x, channels*p.h*p.w); err != nil {
		return err
	}
	if p.y, err = elements(y, channels*p.each*p.oh*p.ow); err != nil {
		return err
	}
	p.memory, p.clamp, p.then = with.Scratch, with.Clamp, with.Then
	threads := 1
	if with.Team != nil {
		threads = with.Team.Threads()
	}
	if p.slide == nil && !p.ready() {
		for t := range threads {
			p.frame(p.memory[t*p.need():][:p.plane()], pad)
		}
	}
	if threads > 1 {
		with.Team.Do(channels, p)
		return nil
	}
	if p.slide != nil { // plane follows plane, so one may be written over the beginning of the next
		p.past = p.slide.Past()
	}
	for ch := range channels {
		p.Chunk(0, ch)
	}
	p.past = 0
	return nil
}

// Chunk computes the outputs of one plane.
func (p *planes) Chunk(thread, channel int) {
	memory := p.memory[thread*p.need():][:p.need()]
	if p.slide != nil {
		for i := channel * p.each; i < (channel+1)*p.each; i++ {
			y, size := p.y[i*p.oh*p.ow:], p.oh*p.ow
			room := size
			if size+p.past <= len(y) {
				room += p.past
			}
			p.whole(y[:room], p.x, channel*p.h*p.w, i, memory)
			y = y[:size]
			if p.done != nil {
				p.done(y)
			}
			p.then.Rows(p.y, i*p.oh*p.ow, 1, p.oh*p.ow, p.oh*p.ow)
		}
		return
	}
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
		p.then.Rows(p.y, i*p.oh*p.ow, 1, p.oh*p.ow, p.oh*p.ow)
	}
}
