package f32

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestZZTiles(t *testing.T) {
	runtime.LockOSThread()
	for _, s := range []struct{ rows, cols, n int }{{192, 1600, 729}, {64, 363, 3025}, {64, 576, 3136}, {512, 512, 512}, {256, 3456, 169}} {
		r := rand.New(rand.NewPCG(13, 14))
		i := avx2
		m := packFor(i, s.rows, s.cols, random(r, s.rows*s.cols))
		right := RowMajor{random(r, s.cols*s.n), s.n}
		p := Product{C: random(r, s.rows*s.n), Ldc: s.n, B: &right, N: s.n, Bias: random(r, s.rows), Clamp: ReLU}
		type v struct{ depth, tiles, group int }
		vs := []v{{160, 8, 16}, {160, 6, 16}, {160, 4, 16}, {200, 6, 16}, {256, 6, 16}, {256, 4, 16}, {320, 4, 16}, {160, 8, 8}}
		all := make([][]float64, len(vs))
		for began := time.Now(); time.Since(began) < 5*time.Second; {
			for k, v := range vs {
				shapes[i].depth, shapes[i].tiles, shapes[i].group = v.depth, v.tiles, v.group
				scratch := aligned(m.Scratch(s.n))
				t0 := cpuTime()
				m.Mul(&p, scratch)
				all[k] = append(all[k], float64(cpuTime()-t0))
			}
		}
		for k, v := range vs {
			fmt.Printf("%v %v: %.0f us quartile, %.0f us median\n", s, v, quarter(all[k])/1e3, median(all[k])/1e3)
		}
	}
}

func quarter(s []float64) float64 {
	slices.Sort(s)
	return s[len(s)/4]
}
