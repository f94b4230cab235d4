package f32

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The transforms and products of every kernel against the definition of a
// convolution, within the error that Winograd states.
func TestWinograd(t *testing.T) {
	within := map[int]float64{4: 3e-6, 6: 2e-5}
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(31, 32))
		for _, size := range []int{4, 6} {
			for range rounds() / 4 {
				in, out, tiles := 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(40)
				filters, bias := random(r, out*in*9), random(r, out)
				w := newWinograd(i, size, out, in)
				half := out / 2
				w.SetRows(half, filters[half*in*9:])
				w.SetRows(0, filters[:half*in*9])

				pitch := size + 2 + r.IntN(9)
				plane := (size+2)*pitch + 40 + r.IntN(200)
				n := w.Round(tiles)
				at := &Tiles{Pitch: pitch}
				for range tiles {
					at.Add(r.IntN(plane - (size+1)*pitch - 8 + 1))
				}
				for at.Len() < n {
					at.Add(at.at[tiles-1])
				}
				f := &fence{t: t, r: r}
				x := f.slices(in, plane)
				v, m := f.slice(w.Room(in, n)), f.slice(w.Room(out, n))
				buffer, scratch := f.slice(w.Buffer()), f.slice(w.Scratch(n))
				for c := range in {
					w.Input(v, c, x[c], at, buffer)
				}
				var p WinogradProduct
				for e := range w.Elements() {
					w.Multiply(&p, m, v, e, n, scratch)
				}
				to := &Tiles{Pitch: size}
				for k := range n { // tile by tile, one below the other
					to.Add(min(k, tiles-1) * size * size)
				}
				clamp := Clamp{-2, 3}
				y := f.slice(tiles * size * size)
				for o := range out {
					w.Output(y, to, m, o, bias[o], clamp, buffer)
					worst, largest := 0.0, 1.0
					for k := range tiles * size * size {
						sum := float64(bias[o])
						first := at.at[k/size/size] + k/size%size*pitch + k%size
						for c := range in {
							filter := filters[(o*in+c)*9:][:9]
							for ky := range 3 {
								row := x[c][first+ky*pitch:][:3]
								for kx := range 3 {
									sum += float64(filter[3*ky+kx]) * float64(row[kx])
								}
							}
						}
						largest = max(largest, math.Abs(sum))
						worst = max(worst, math.Abs(float64(y[k])-min(max(sum, -2), 3)))
					}
					if worst > within[size]*largest {
						t.Fatalf("F(%d×%d), %d to %d, %d tiles: output %d is wrong by %.2g of %.2g", size, size, in, out, tiles, o, worst, largest)
					}
				}
				f.done()
				w.Free()
			}
		}
	})
}
