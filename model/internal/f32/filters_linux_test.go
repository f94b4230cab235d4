package f32

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every kernel against the definition, on slices that touch memory that must not
// be touched.
func TestFilters(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, i := range supported() {
		if high, _ := filterTile(i); high == 0 {
			continue
		}
		for range 300 {
			rows, n, off := 1+r.IntN(20), 1+r.IntN(50), make([]int, 1+r.IntN(30))
			for k := range off {
				off[k] = r.IntN(90)
			}
			checkFilters(t, r, newFilters(i, rows, off), n, off)
		}
		checkFilters(t, r, newFilters(i, 9, make([]int, 700)), 400, make([]int, 700)) // several calls
	}
}

func checkFilters(t *testing.T, r *rand.Rand, filters *Filters, n int, off []int) {
	f := &fence{t: t, r: r, front: r.IntN(2) == 0}
	defer f.done()
	pitch := filters.Room(n) + r.IntN(4)
	x, bias, c := f.slice(filters.Reach(n)), f.slice(filters.Rows()), Clamp{-0.5, 1}
	y := f.slice((filters.Rows()-1)*pitch + filters.Room(n))
	w := f.slices(filters.rows, len(off))
	for k := range w {
		filters.SetRow(k, w[k])
	}
	filters.data = append(f.slice(len(filters.data))[:0], filters.data...)
	filters.Apply(y, pitch, x, n, bias, c)
	for k := range w {
		for i := range n {
			sum := float64(bias[k])
			for tap, o := range off {
				sum += float64(w[k][tap]) * float64(x[o+i])
			}
			if want := min(max(sum, -0.5), 1); math.Abs(float64(y[k*pitch+i])-want) > 1e-4 {
				t.Fatalf("%v: %d filters, %d taps, %d places: [%d, %d] is %v, want %v", filters.isa, len(w), len(off), n, k, i, y[k*pitch+i], want)
			}
		}
	}
}
