package f32

import "fmt"

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

// step is how many panels make a chunk.
func (t *Team) step(m *Matrix) int {
	return max(1, m.Panels()/(t.Threads()*chunksPerThread))
}

// Scratch is the length of the scratch that Mul needs: m.Scratch for each thread.
func (t *Team) Scratch(m *Matrix, n int) int { return t.Threads() * m.Scratch(n) }

// Mul is m.Mul over the team's threads. It splits C by columns, and where these
// are too few by rows as well, at the price of packing B once for each part.
func (t *Team) Mul(m *Matrix, product *Product, scratch []float32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(scratch) < t.Scratch(m, product.N) {
		panic(fmt.Sprintf("f32: scratch of %d entries, %d needed", len(scratch), t.Scratch(m, product.N)))
	}
	want := t.Threads() * chunksPerThread / 2
	tileCols := shapes[m.isa].tileCols
	tiles := (product.N + tileCols - 1) / tileCols
	w := mulWork{m: m, product: product, scratch: scratch, each: m.Scratch(product.N)}
	w.cols = max(1, tiles/want) * tileCols
	w.across = (product.N + w.cols - 1) / w.cols
	w.panels = max(1, m.Panels())
	if w.across > 0 && w.across < t.Threads() {
		w.panels = max(1, m.Panels()*w.across/want)
	}
	t.mul = w
	t.do(w.across*((m.Panels()+w.panels-1)/w.panels), &t.mul)
	t.mul = mulWork{}
}

type mulWork struct {
	m            *Matrix
	product      *Product
	scratch      []float32
	each         int // scratch of a thread
	cols, across int // columns of a part, parts side by side
	panels       int // panels of a part
}

func (w *mulWork) Chunk(thread, i int) {
	left, from := i%w.across*w.cols, i/w.across*w.panels
	w.m.MulPart(w.product, w.scratch[thread*w.each:(thread+1)*w.each],
		from, min(from+w.panels, w.m.Panels()), left, min(left+w.cols, w.product.N))
}
