package f32

import "fmt"

// Filters are windows with the same taps but weights of their own: the outputs
// of a convolution that see the same few inputs. Their products are added up
// where the inputs lie, while a Product would need them packed.
type Filters struct {
	isa        isa
	rows, taps int
	first      int       // the first offset
	last       int       // the largest one
	steps      []int     // bytes from each tap to the next, from the first one on
	data       []float32 // [rows / filterRows][taps][filterRows], rows beyond the last being 0
}

// filtersCall is what the assembly is told.
type filtersCall struct {
	y, x, w     *float32
	steps       *int
	bias        *float32
	taps, tiles int
	pitch       int // bytes
	lo, hi      float32
}

// NewFilters makes so many filters of zeros with these taps; nil: there are no
// kernels for them on this machine.
func NewFilters(rows int, off []int) *Filters { return newFilters(native, rows, off) }

func newFilters(i isa, rows int, off []int) *Filters {
	high, wide := filterTile(i)
	if high == 0 || len(off) == 0 || rows == 0 {
		return nil
	}
	f := &Filters{isa: i, rows: rows, taps: len(off), first: off[0]}
	f.data = aligned((rows + high - 1) / high * high * len(off))
	for t, o := range off {
		next := off[0] + wide
		if t+1 < len(off) {
			next = off[t+1]
		}
		f.steps, f.last = append(f.steps, 4*(next-o)), max(f.last, o)
	}
	f.steps = append(f.steps, f.steps[0])
	return f
}

// SetRow gives filter r its weights.
func (f *Filters) SetRow(r int, w []float32) {
	high, _ := filterTile(f.isa)
	for t, v := range w[:f.taps] {
		f.data[(r/high*f.taps+t)*high+r%high] = v
	}
}

// Bytes is the memory that the weights take.
func (f *Filters) Bytes() int { return 4 * len(f.data) }

// Room is how many places Apply computes where n are wanted, and Rows how many
// filters.
func (f *Filters) Room(n int) int {
	_, wide := filterTile(f.isa)
	return (n + wide - 1) / wide * wide
}

func (f *Filters) Rows() int {
	high, _ := filterTile(f.isa)
	return (f.rows + high - 1) / high * high
}

// Reach is how many entries of x Apply may read for n places.
func (f *Filters) Reach(n int) int {
	_, wide := filterTile(f.isa)
	return f.Room(n) + wide + f.last
}

// Apply computes y[r*pitch+i] = bias[r] + Σ w[r][t] x[off[t]+i], bounded by c,
// for each filter r of Rows and each i < Room(n); bias has Rows entries.
// y must not overlap x.
func (f *Filters) Apply(y []float32, pitch int, x []float32, n int, bias []float32, c Clamp) {
	high, wide := filterTile(f.isa)
	if n <= 0 || pitch < f.Room(n) || len(y) < (f.Rows()-1)*pitch+f.Room(n) || len(x) < f.Reach(n) || len(bias) < f.Rows() {
		panic(fmt.Sprintf("f32: %d filters of %d taps at %d places: %d results, %d apart, inputs %d, bias %d", f.rows, f.taps, n, len(y), pitch, len(x), len(bias)))
	}
	most := max(1, tapCall/(f.taps*wide*high)) * wide
	for r := 0; r < f.rows; r += high {
		for i := 0; i < n; i += most {
			filters(f.isa, &filtersCall{
				y: &y[r*pitch+i], x: &x[i+f.first], w: &f.data[r*f.taps], steps: &f.steps[0], bias: &bias[r],
				taps: f.taps, tiles: f.Room(min(most, n-i)) / wide, pitch: 4 * pitch, lo: c.Min, hi: c.Max,
			})
		}
	}
}
