package f32

import (
	"fmt"
	"math"
)

// chunksPerThread is into how many chunks a product is cut for each thread:
// enough that a slow core is not waited for long, few enough that claiming them
// costs nothing.
const chunksPerThread = 8

// Affine is m.Affine over the team's threads. Whether that is faster depends on
// the layer and the device; measure it.
func (t *Team) Affine(m *Matrix, y, x, bias []float32, c Clamp) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.affine = affineWork{m, y, x, bias, c, t.step(m)}
	t.do((m.Panels()+t.affine.step-1)/t.affine.step, &t.affine)
	t.affine = affineWork{}
}

type affineWork struct {
	m          *Matrix
	y, x, bias []float32
	c          Clamp
	step       int
}

func (w *affineWork) Chunk(_, i int) {
	w.m.AffinePanels(w.y, w.x, w.bias, w.c, i*w.step, min((i+1)*w.step, w.m.Panels()))
}

// AffineBatch is m.AffineBatch over the team's threads.
func (t *Team) AffineBatch(m *Matrix, y, x [][]float32, bias []float32, c Clamp) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.batch = batchWork{m, y, x, bias, c, t.step(m)}
	t.do((m.Panels()+t.batch.step-1)/t.batch.step, &t.batch)
	t.batch = batchWork{}
}

type batchWork struct {
	m    *Matrix
	y, x [][]float32
	bias []float32
	c    Clamp
	step int
}

func (w *batchWork) Chunk(_, i int) {
	w.m.AffineBatchPanels(w.y, w.x, w.bias, w.c, i*w.step, min((i+1)*w.step, w.m.Panels()))
}

// step is how many panels make a chunk: whole groups of those that are read together.
func (t *Team) step(m *Matrix) int {
	return max(1, ceil(m.Panels()/(t.Threads()*chunksPerThread), m.Together())) * m.Together()
}

// Scratch is the length of the scratch that Mul needs: m.Scratch for each thread.
func (t *Team) Scratch(m *Matrix, n int) int { return t.Threads() * m.Scratch(n) }

// Mul is m.Mul over the team's threads. Where the weights are a small matter, C is
// split by columns, so that B is packed once. Otherwise a thread would read all of
// them for each few columns: C is split by rows, at the price of packing B for each
// part, and so it is where there are too few columns for the threads.
func (t *Team) Mul(m *Matrix, product *Product, scratch []float32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(scratch) < t.Scratch(m, product.N) {
		panic(fmt.Sprintf("f32: scratch of %d entries, %d needed", len(scratch), t.Scratch(m, product.N)))
	}
	t.mul = mulWork{parts: split(m, product.N, t.Threads()), m: m, product: product, scratch: scratch, each: m.Scratch(product.N)}
	t.do(t.mul.across*t.mul.down, &t.mul)
	t.mul = mulWork{}
}

// parts is how a product is split.
type parts struct {
	cols, across int // columns of a part, parts side by side
	panels, down int // panels in all, parts one below the other
}

func split(m *Matrix, n, threads int) parts {
	s := &shapes[m.isa]
	want := threads * chunksPerThread / 2
	tiles := ceil(n, s.tileCols)
	some := max(1, tiles/want)
	if m.Floats() > s.reread {
		some = max(some, min(s.tiles, tiles))
	}
	p := parts{cols: some * s.tileCols, panels: m.Panels(), down: 1}
	p.across = ceil(n, p.cols)
	if p.across >= 2*threads {
		return p
	}
	least := math.MaxInt // panels of the thread that has the most
	for down := 1; down <= min(p.panels, max(1, ceil(want, max(1, p.across)))); down++ {
		if most := ceil(p.panels, down) * ceil(down*p.across, threads); most <= least {
			p.down, least = down, most
		}
	}
	return p
}

// of is which panels and columns part i has.
func (p *parts) of(i int) (from, to, left int) {
	row := i / p.across
	return row * p.panels / p.down, (row + 1) * p.panels / p.down, i % p.across * p.cols
}

// ceil is a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

type mulWork struct {
	parts
	m       *Matrix
	product *Product
	scratch []float32
	each    int // scratch of a thread
}

func (w *mulWork) Chunk(thread, i int) {
	from, to, left := w.of(i)
	w.m.MulPart(w.product, w.scratch[thread*w.each:(thread+1)*w.each], from, to, left, min(left+w.cols, w.product.N))
}
