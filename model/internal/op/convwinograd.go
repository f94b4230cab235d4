package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// winogradKernel is a 3×3 convolution of stride 1 by Winograd's tiles, see
// f32.Winograd. Some tiles at a time go through three steps, each of which a team
// shares out:
//
//	x ─▶ plane of a channel, ─▶ V ─▶ n² products ─▶ M ─▶ plane of a channel ─▶ y
//	     with its padding         of elements             of whole tiles
//	     └───── in channels ────┘                   └────── out channels ──────┘
type winogradKernel struct {
	*convOp
	filters *f32.Winograd
	bias    []float32
	across  int // tiles side by side
	tiles   int
	block   int // tiles at a time
	most    int // of the largest block
	pitch   int // of an output's plane
	room    winogradRoom

	// At hand, kept here so that it is not allocated:
	x, y          []float32
	with          With
	first, last   int // tiles
	seen          winogradSeen
	from, to      f32.Tiles // where they lie in the planes
	v, m          []float32
	products      []f32.WinogradProduct // by thread
	input, output winogradWork
	multiply      winogradWork
}

// beyond is how many numbers the last row of the last tile is read beyond its end.
const beyond = 2

// winogradSeen is what the tiles at hand see: these entries of a prepared plane, in
// which rows of the input lie from an entry of a channel, and of the plane, on.
type winogradSeen struct{ begin, end, from, to, rows, cols int }

// winogradRoom is how the scratch is divided: v and m, then for each thread a
// plane, a buffer and what the product needs.
type winogradRoom struct{ v, m, plane, buffer, product int }

// Room is how much more memory the convolution takes in the form of tiles, and what
// that saves; 0 where it saves little.
func (c *convOp) Room() (bytes int64, saved float64) {
	size, cost := c.tiling()
	if size == 0 {
		return 0, 0
	}
	return f32.WinogradBytes(size, c.out, c.in) - c.plainBytes(), float64(c.samples) * (c.plainCost() - cost)
}

// Take settles the convolution on that form.
func (c *convOp) Take() { c.tile, _ = c.tiling() }

// plainCost is what the convolution takes without tiles: the product, and gathering
// its columns.
func (c *convOp) plainCost() float64 {
	taps, columns := c.in*c.elements(), c.oh*c.ow
	return f32.ProductCost(c.out, taps, columns) + float64(taps)*float64(columns)/2
}

// tiling is the size of the tiles with which the convolution is fastest, and what it
// takes then; 0 where that is hardly less than without tiles.
func (c *convOp) tiling() (size int, cost float64) {
	if c.groups != 1 || c.in == 1 || c.kernel != [2]int{3, 3} || c.stride != [2]int{1, 1} || c.dilation != [2]int{1, 1} || c.weights.quantised != nil {
		return 0, 0
	}
	cost = 0.9 * c.plainCost()
	moved := float64(c.in*c.h*c.w+c.out*c.oh*c.ow) / 2 // to and from the planes of tiles
	for _, m := range []int{4, 6} {
		if sum := f32.WinogradCost(m, c.out, c.in, ceil(c.oh, m)*ceil(c.ow, m)) + moved; sum < cost {
			size, cost = m, sum
		}
	}
	return size, cost
}

func (c *convOp) loadWinograd(scale, shift []float32) (Kernel, error) {
	size := c.tile
	k := &winogradKernel{convOp: c, filters: f32.NewWinograd(size, c.out, c.in), bias: shift}
	each := c.in * c.elements()
	err := c.blocks(c.out, each, 0, func(row int, block []float32) {
		for r := range len(block) / each {
			scaleBy(block[r*each:][:each], scale[row+r])
		}
		k.filters.SetRows(row, block)
	})
	if err != nil {
		k.Free()
		return nil, err
	}
	down := ceil(c.oh, size)
	k.across = ceil(c.ow, size)
	k.tiles = down * k.across
	k.block = k.filters.Block()
	k.pitch = k.across * size
	k.from.Pitch, k.to.Pitch = k.pitch+2, k.pitch
	for at := 0; at < k.tiles; at = k.end(at) {
		k.most = max(k.most, k.end(at)-at)
	}
	n := k.filters.Round(k.most)
	k.room = winogradRoom{
		v: k.filters.Room(c.in, n), m: k.filters.Room(c.out, n),
		plane: (down*size+2)*k.from.Pitch + beyond, buffer: k.filters.Buffer(), product: k.filters.Scratch(n),
	}
	k.input.step, k.multiply.step, k.output.step = k.enter, k.product, k.leave
	return k, nil
}

func (k *winogradKernel) Free() { k.filters.Free() }

// Store takes the layer's own weights for its size: the matrices are as many as a
// tile has elements. Bytes become half precision, since the transforms make their
// errors three times as large, and products in half precision are left to
// convolutions without transforms, which would make theirs twenty times as large.
func (k *winogradKernel) Store(f f32.Format) int {
	if f == f32.Int8 || f == f32.Float16Arithmetic {
		f = f32.Float16
	}
	if k.out*k.in*k.elements() < fewWeights(f) {
		f = f32.Float32
	}
	bytes := k.filters.Store(f)
	k.room.product = k.filters.Scratch(k.filters.Round(k.most))
	return bytes
}

func (k *winogradKernel) Scratch(threads int) int {
	return k.room.v + k.room.m + threads*k.room.each()
}

func (r winogradRoom) each() int { return r.plane + r.buffer + r.product }

func (k *winogradKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) (err error) {
	if k.x, err = elements(xs[0], k.in*k.h*k.w); err != nil {
		return err
	}
	if k.y, err = elements(y, k.out*k.oh*k.ow); err != nil {
		return err
	}
	threads := 1
	if with.Team != nil {
		threads = with.Team.Threads()
	}
	for len(k.products) < threads {
		k.products = append(k.products, f32.WinogradProduct{})
	}
	k.with = with
	k.v, k.m = with.Scratch[:k.room.v], with.Scratch[k.room.v:][:k.room.m]
	for k.first = 0; k.first < k.tiles; k.first = k.last {
		k.last = k.end(k.first)
		k.locate()
		k.input.do(k.in, with.Team)
		k.multiply.do(k.filters.Elements(), with.Team)
		k.output.do(k.out, with.Team)
	}
	return nil
}

// end is that of a block. The last one takes what would be left after it, if that is little.
func (k *winogradKernel) end(first int) int {
	if end := first + k.block; k.tiles-end > k.block/2 {
		return end
	}
	return k.tiles
}

// locate finds where the tiles at hand lie. The last of them fills up the step of
// the transforms.
func (k *winogradKernel) locate() {
	k.from.Clear()
	k.to.Clear()
	size := k.tile
	for i := range k.filters.Round(k.last - k.first) {
		tile := min(k.first+i, k.last-1)
		row, col := tile/k.across*size, tile%k.across*size
		k.from.Add(row*k.from.Pitch + col)
		k.to.Add(row*k.to.Pitch + col)
	}
	top, bottom := k.first/k.across*size, (k.last-1)/k.across*size+size+2
	k.seen = winogradSeen{begin: top * k.from.Pitch, end: min(bottom*k.from.Pitch+beyond, k.room.plane)}
	first := max(top, k.before[0])
	k.seen.rows = min(bottom, k.before[0]+k.h) - first
	k.seen.cols = min(k.w, k.from.Pitch-k.before[1])
	k.seen.from = (first - k.before[0]) * k.w
	k.seen.to = first*k.from.Pitch + k.before[1]
}

// winogradWork is one of the steps, for channels or elements 0 ... count-1.
type winogradWork struct {
	step        func(thread, i int)
	count, each int // each: how many make a chunk
}

func (w *winogradWork) do(count int, team *f32.Team) {
	w.count, w.each = count, count
	if team == nil {
		w.Chunk(0, 0)
		return
	}
	const chunks = 8 // of a thread
	w.each = ceil(count, chunks*team.Threads())
	team.Do(ceil(count, w.each), w)
}

func (w *winogradWork) Chunk(thread, chunk int) {
	for i := chunk * w.each; i < min((chunk+1)*w.each, w.count); i++ {
		w.step(thread, i)
	}
}

// own is the scratch of a thread.
func (k *winogradKernel) own(thread int) (plane, buffer, product []float32) {
	all := k.with.Scratch[k.room.v+k.room.m+thread*k.room.each():][:k.room.each()]
	rest := all[k.room.plane:]
	return all[:k.room.plane], rest[:k.room.buffer], rest[k.room.buffer:]
}

// enter transforms the inputs of one channel. Of its plane those rows are there
// that the tiles at hand see.
func (k *winogradKernel) enter(thread, channel int) {
	plane, buffer, _ := k.own(thread)
	s := &k.seen
	clear(plane[s.begin:s.end])
	if s.rows > 0 && s.cols > 0 {
		f32.CopyRows(plane[s.to:], k.from.Pitch, k.x[channel*k.h*k.w+s.from:], k.w, s.rows, s.cols)
	}
	k.filters.Input(k.v, channel, plane, &k.from, buffer)
}

func (k *winogradKernel) product(thread, element int) {
	_, _, scratch := k.own(thread)
	k.filters.Multiply(&k.products[thread], k.m, k.v, element, k.from.Len(), scratch)
}

// leave transforms what has become of one output channel, keeps what is not beyond
// its plane, and finishes it.
func (k *winogradKernel) leave(thread, channel int) {
	y := k.y[channel*k.oh*k.ow:][:k.oh*k.ow]
	plane, buffer, _ := k.own(thread)
	size := k.tile
	fit := k.pitch == k.ow && k.oh%size == 0
	if fit {
		plane = y
	}
	k.filters.Output(plane, &k.to, k.m, channel, k.bias[channel], k.with.Clamp, buffer)
	for at := k.first; at < k.last; {
		row, left := at/k.across*size, at%k.across*size
		next, deep := min((at/k.across+1)*k.across, k.last), size // tiles of the same row
		if whole := (k.last - at) / k.across; left == 0 && whole > 0 {
			next, deep = at+whole*k.across, whole*size // or rows of tiles at once
		}
		rows, cols := min(deep, k.oh-row), k.ow-left
		if over := next % k.across; over > 0 {
			cols = over*size - left
		}
		if !fit {
			f32.CopyRows(y[row*k.ow+left:], k.ow, plane[row*k.pitch+left:], k.pitch, rows, cols)
		}
		k.with.Then.Rows(k.y, channel*len(y)+row*k.ow+left, rows, cols, k.ow)
		at = next
	}
}
