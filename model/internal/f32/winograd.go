package f32

import (
	"fmt"
	"math"
)

// Winograd is the filters of a 3×3 convolution of stride 1 as Winograd's minimal
// filtering wants them (Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2015). The plane is cut into tiles of m×m outputs, each of which sees
// n×n inputs, n = m+2. Transformed, a tile has n² elements, and every element is a
// matrix product of its own, out×in times in×tiles:
//
//	x ──Input──▶ V [n²][in][tiles] ──Multiply──▶ M [n²][out][tiles] ──Output──▶ y
//	  Bᵀ d B                          W [n²][out][in]                  Aᵀ M A
//
// So m² outputs take n² multiply-adds for each pair of channels and not 9m²: a
// quarter where m is 4, 64 of 324 where it is 6. W takes n²/9 of the memory that
// the filters have.
//
// A, B and G are those of Toom and Cook: a polynomial product by its values at
// n-1 points and at infinity. The points decide how large the rounding errors
// become. Those used here come in pairs ±p, which halves the work, and with each p
// there is 1/p, which keeps the numbers of one size (Barabasz et al., "Error
// Analysis and Improving the Accuracy of Winograd Convolution", 2018):
//
//	m = 4:  0, ±√½, ±√2, ∞        within 3e-6 of the largest output
//	m = 6:  0, ±1, ±2, ±½, ∞      within 2e-5
type Winograd struct {
	size    int // m
	out, in int
	isa     isa
	memory  *memory
	each    int       // floats from one element to the next
	filters []*Matrix // by element
}

// winogradPoints are the finite points, by m.
var winogradPoints = map[int][]float64{
	4: {0, math.Sqrt2 / 2, -math.Sqrt2 / 2, math.Sqrt2, -math.Sqrt2},
	6: {0, 1, -1, 2, -2, .5, -.5},
}

// NewWinograd makes filters of zeros for tiles of size×size outputs, 4 or 6.
func NewWinograd(size, out, in int) *Winograd { return newWinograd(native, size, out, in) }

func newWinograd(i isa, size, out, in int) *Winograd {
	if winogradPoints[size] == nil || out < 1 || in < 1 {
		panic(fmt.Sprintf("f32: Winograd of %d×%d, %d to %d", size, size, in, out))
	}
	w := &Winograd{size: size, out: out, in: in, isa: i}
	elements := w.Elements()
	for range elements {
		w.filters = append(w.filters, &Matrix{rows: out, cols: in, isa: i, width: shapes[i].width, memory: &memory{}})
	}
	w.each = (w.filters[0].Floats() + 15) / 16 * 16
	w.memory = newMemory(w.each * elements)
	for e, m := range w.filters {
		m.Lay(w.memory.floats[e*w.each:])
	}
	return w
}

// WinogradBytes is the memory that NewWinograd takes.
func WinogradBytes(size, out, in int) int64 {
	n, width := int64(size+2), int64(shapes[native].width)
	return 4 * n * n * int64(in) * ((int64(out) + width - 1) / width * width)
}

// Free gives the memory back at once.
func (w *Winograd) Free() {
	w.memory.free()
	for _, m := range w.filters {
		m.Free()
	}
}

// Store brings the filters into a format as Matrix.Store does, all or none, and
// gives the bytes that they take.
func (w *Winograd) Store(f Format) (bytes int) {
	can := true
	for _, m := range w.filters {
		can = can && m.fits(f)
	}
	for _, m := range w.filters {
		if can {
			m.Store(f)
		}
		bytes += m.Bytes()
	}
	if can && f != Float32 {
		w.memory.free() // each has its own now
	}
	return bytes
}

// Elements is n².
func (w *Winograd) Elements() int { return (w.size + 2) * (w.size + 2) }

// SetRows transforms the filters of whole outputs, [in][3][3] each, from output
// `from` on: G f Gᵀ. Its rows for a pair of points ±p have the same numbers, but
// for the sign of the middle one.
func (w *Winograd) SetRows(from int, filters []float32) {
	g, n, each := winogradFilter(w.size), w.size+2, w.each
	width, pitch := w.filters[0].width, w.filters[0].pitch()
	for row := from; len(filters) > 0; row++ {
		at := row/width*pitch + row%width
		for range w.in {
			f := (*[9]float32)(filters)
			var down [8][3]float64 // G f
			for b := range 3 {
				f0, f1, f2 := float64(f[b]), float64(f[3+b]), float64(f[6+b])
				down[0][b], down[n-1][b] = g[0][0]*f0, f2
				even, odd := g[1][0]*f0+g[1][2]*f2, g[1][1]*f1
				down[1][b], down[2][b] = even+odd, even-odd
				even, odd = g[3][0]*f0+g[3][2]*f2, g[3][1]*f1
				down[3][b], down[4][b] = even+odd, even-odd
				if n == 8 {
					even, odd = g[5][0]*f0+g[5][2]*f2, g[5][1]*f1
					down[5][b], down[6][b] = even+odd, even-odd
				}
			}
			to := w.memory.floats[at : at+(n*n-1)*each+1]
			for e, i := 0, 0; i < n; i++ {
				f0, f1, f2 := down[i][0], down[i][1], down[i][2]
				to[e] = float32(g[0][0] * f0)
				even, odd := g[1][0]*f0+g[1][2]*f2, g[1][1]*f1
				to[e+each], to[e+2*each] = float32(even+odd), float32(even-odd)
				even, odd = g[3][0]*f0+g[3][2]*f2, g[3][1]*f1
				to[e+3*each], to[e+4*each] = float32(even+odd), float32(even-odd)
				if n == 8 {
					even, odd = g[5][0]*f0+g[5][2]*f2, g[5][1]*f1
					to[e+5*each], to[e+6*each] = float32(even+odd), float32(even-odd)
				}
				e += n * each
				to[e-each] = float32(f2)
			}
			filters, at = filters[9:], at+width
		}
	}
}

// winogradFilter is G, n×3: the values of a filter of three at the points, each
// divided by Π (p - q) over the others.
func winogradFilter(size int) (g [8][3]float64) {
	points := winogradPoints[size]
	for k, p := range points {
		by := 1.0
		for l, q := range points {
			if l != k {
				by /= p - q
			}
		}
		if math.Abs(p) == .5 {
			by /= 32 // for Aᵀ to have the powers 1 to 32 there, and not 1/32 to 1
		}
		g[k] = [3]float64{by, by * p, by * p * p}
	}
	g[len(points)] = [3]float64{0, 0, 1}
	return g
}

// Tiles says where the tiles of a block lie in a plane.
type Tiles struct {
	Pitch int // between the rows of the plane
	at    []int
	most  int // the largest of them
}

// Clear leaves no tile.
func (t *Tiles) Clear() { t.at, t.most = t.at[:0], 0 }

// Add puts a tile behind the others, by the number of its first entry in the plane.
// A block has as many as Round says.
func (t *Tiles) Add(at int) {
	t.at, t.most = append(t.at, at), max(t.most, at)
	if at < 0 {
		panic(fmt.Sprintf("f32: Winograd: a tile at %d", at))
	}
}

// Len is how many there are.
func (t *Tiles) Len() int { return len(t.at) }

// Round is how many tiles the transforms take where there are so many: the rest
// of the last step is to be some tile once more.
func (w *Winograd) Round(tiles int) int {
	step := max(shapes[w.isa].narrow, winogradLanes[w.isa])
	return (tiles + step - 1) / step * step
}

// Room is the length of V, or of M, for so many channels and tiles.
func (w *Winograd) Room(channels, tiles int) int {
	return w.Elements() * elementPitch(channels, tiles)
}

// elementPitch is how far apart V and M have the elements of a tile, which are written,
// or read, one after the other. If that were a multiple of 4 KB, all of them would
// have to share the few lines of one set of the first-level cache.
func elementPitch(channels, tiles int) int { return channels*tiles + 16 }

// Buffer is the length of the buffer that Input and Output need.
func (w *Winograd) Buffer() int { return winogradBuffer }

const winogradBuffer = 64 * 16

// Input transforms the tiles of one channel's plane, padding included, to v, which
// is [n²][in][tiles]. Of every row of a tile it reads 8 numbers.
func (w *Winograd) Input(v []float32, channel int, plane []float32, t *Tiles, buffer []float32) {
	tiles := len(t.at)
	w.check(len(v), w.in, channel, len(plane), w.size+2, 8, t, buffer)
	winogradInput(w.isa, w.size, v[channel*tiles:], elementPitch(w.in, tiles), plane, t, buffer)
}

// Output transforms one channel of m, which is [n²][out][tiles], to the tiles of a
// plane, adds the bias, and bounds the results.
func (w *Winograd) Output(plane []float32, t *Tiles, m []float32, channel int, bias float32, c Clamp, buffer []float32) {
	tiles := len(t.at)
	w.check(len(m), w.out, channel, len(plane), w.size, w.size, t, buffer)
	winogradOutput(w.isa, w.size, plane, t, m[channel*tiles:], elementPitch(w.out, tiles), bias, c, buffer)
}

func (w *Winograd) check(have, channels, channel, plane, rows, cols int, t *Tiles, buffer []float32) {
	tiles := len(t.at)
	if uint(channel) >= uint(channels) || have < w.Room(channels, tiles) || tiles == 0 || tiles%winogradLanes[w.isa] != 0 ||
		t.most+(rows-1)*t.Pitch+cols > plane || t.Pitch < 0 || len(buffer) < winogradBuffer {
		panic(fmt.Sprintf("f32: Winograd: channel %d of %d, %d tiles up to %d, %d apart, of %d entries, to or from %d", channel, channels, tiles, t.most, t.Pitch, plane, have))
	}
}

// WinogradProduct is what Multiply keeps between calls, so that it allocates
// nothing. Concurrent calls need one each.
type WinogradProduct struct {
	of    Product
	right RowMajor
}

// Scratch is the length of the scratch that Multiply needs for so many tiles.
func (w *Winograd) Scratch(tiles int) int { return w.filters[0].Scratch(tiles) }

// Multiply computes element e of m from that of v.
func (w *Winograd) Multiply(p *WinogradProduct, m, v []float32, e, tiles int, scratch []float32) {
	p.right = RowMajor{Data: v[e*elementPitch(w.in, tiles):][:w.in*tiles], Stride: tiles}
	p.of = Product{C: m[e*elementPitch(w.out, tiles):][:w.out*tiles], Ldc: tiles, B: &p.right, N: tiles, Clamp: Linear}
	w.filters[e].Mul(&p.of, scratch)
}

// Block is about how many tiles are best transformed at a time: whole tiles of the
// product, few enough that V and M stay in the cache of the second level, and as
// many as half the channels, or the filters would be read too often.
func (w *Winograd) Block() int {
	const least = 24
	step := shapes[w.isa].tileCols
	return max(max(least, min(w.in, w.out)/2)/step*step, step)
}
