package f32

import "fmt"

// maxFrames is how many frames go through the weights together at most; larger
// batches take several passes.
const maxFrames = 256

// batchInputs is how many inputs of all frames that go through the weights together
// stay in the second-level cache. Of more, some columns at a time are multiplied.
const batchInputs = 128 << 10

// batchColumns cuts panels so that a piece stays in the first-level cache while
// the groups of frames take turns with it.
const batchColumns = 256

// AffineBatch computes y[f] = W x[f] + bias for every frame f, reading the
// weights once. The slices are as for Affine; no y may overlap another slice.
func (m *Matrix) AffineBatch(y, x [][]float32, bias []float32, c Clamp) {
	m.AffineBatchPanels(y, x, bias, c, 0, m.Panels())
}

// AffineBatchPanels computes the part of AffineBatch that panels [from, to)
// hold, as AffinePanels does.
func (m *Matrix) AffineBatchPanels(y, x [][]float32, bias []float32, c Clamp, from, to int) {
	if len(x) != len(y) {
		panic(fmt.Sprintf("f32: %d results for %d frames", len(y), len(x)))
	}
	for f := range x {
		m.check(y[f], x[f], bias)
	}
	if from < 0 || to > m.Panels() {
		panic(fmt.Sprintf("f32: panels [%d, %d) of %d", from, to, m.Panels()))
	}
	for most := shapes[m.isa].pass; len(x) > most; y, x = y[most:], x[most:] {
		m.batch(y[:most], x[:most], bias, c, from, to)
	}
	m.batch(y, x, bias, c, from, to)
}

func (m *Matrix) batch(y, x [][]float32, bias []float32, c Clamp, from, to int) {
	if len(x) == 1 {
		m.AffinePanels(y[0], x[0], bias, c, from, to)
		return
	}
	if len(x) == 0 || m.cols == 0 || m.isa == portable {
		for p := from; p < to; p++ { // a panel at a time: the next frame finds it in the cache
			for f := range x {
				m.AffinePanels(y[f], x[f], bias, c, p, p+1)
			}
		}
		return
	}
	// The kernels take groups of four, and of so many as the widest does. What is left
	// over is filled up by computing the last frame again, except that a single one goes
	// alone. Of four and six together come all even numbers from four on.
	var ys, xs [maxFrames]*float32
	for f := range x {
		ys[f], xs[f] = head(y[f]), head(x[f])
	}
	groups := len(x)
	if groups%4 > 1 && (groups < 4 || shapes[m.isa].frames%4 == 0) {
		for ; groups%4 != 0; groups++ {
			ys[groups], xs[groups] = ys[groups-1], xs[groups-1]
		}
	}
	each := m.cols
	if len(x)*m.cols > batchInputs {
		each = max(1, batchInputs/len(x)/batchColumns) * batchColumns
	}
	full := min(to, m.rows/m.width)
	for k := 0; k < m.cols; k += each {
		for p := from; p < full; p++ {
			first := p * m.width
			m.batchPanel(&ys, &xs, groups, head(part(bias, first, first+m.width)), c, p, first, k, min(k+each, m.cols))
		}
	}
	if from < to && full < to {
		m.lastPanel(y, &xs, groups, bias, c, full)
	}
}

// lastPanel computes the panel that is not full: its rows go by way of the stack.
func (m *Matrix) lastPanel(y [][]float32, xs *[maxFrames]*float32, groups int, bias []float32, c Clamp, p int) {
	var out [maxFrames][maxWidth]float32
	var in [maxWidth]float32
	var outs [maxFrames]*float32
	for f := range groups {
		outs[f] = &out[f][0]
	}
	first := p * m.width
	var init *float32
	if bias != nil {
		copy(in[:], bias[first:])
		init = &in[0]
	}
	m.batchPanel(&outs, xs, groups, init, c, p, 0, 0, m.cols)
	for f := range y {
		copy(y[f][first:], out[f][:])
	}
}

// batchPanel multiplies columns [k, end) of one full panel for `groups` frames.
func (m *Matrix) batchPanel(y, x *[maxFrames]*float32, groups int, init *float32, c Clamp, p, row, k, end int) {
	if m.reduced == nil {
		m.batchPieces(y, x, groups, init, c, p, row, k, end, batchColumns, nil)
		return
	}
	var room piece // 16 KB of zeros, which float32 weights need not wait for
	m.batchPieces(y, x, groups, init, c, p, row, k, end, pieceColumns, room[:])
}

// batchPieces does so by pieces of at most so many columns; all pieces but the
// first go on from the sums that are in y already.
func (m *Matrix) batchPieces(y, x *[maxFrames]*float32, groups int, init *float32, c Clamp, p, row, k, end, most int, room []float32) {
	widest := shapes[m.isa].frames
	for each := m.even(most); k < end; k += each {
		cols := min(each, end-k)
		bounds := Linear
		if k+cols == m.cols {
			bounds = c
		}
		w := &m.weights(p, k, cols, room)[0]
		for f := 0; f < groups; {
			n := widest
			switch left := groups - f; {
			case left == 1:
				n = 1
			case left < widest || left == widest+2 || left == widest+3: // two or three are no group
				n = 4
			}
			batch(m.isa, n, &y[f], &x[f], w, init, row, k, cols, k > 0, bounds.Min, bounds.Max)
			f += n
		}
	}
}
