package f32

import (
	"slices"
	"testing"
)

// Two threads can make a product at least 1.8 times as fast, and four 3.2 times, where
// each takes the next part as soon as it is done with one. What they do is counted in
// multiply-adds, those of a tile's columns that C does not have included, and four for
// each number that is packed.
func TestSplitIsEven(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		for _, s := range []struct{ rows, cols, n int }{
			{64, 147, 112 * 112}, {64, 64, 56 * 56}, {256, 64, 56 * 56}, {64, 256, 56 * 56}, {128, 1152, 28 * 28}, {512, 128, 28 * 28},
			{256, 1024, 14 * 14}, {256, 2304, 14 * 14}, {1024, 256, 14 * 14}, {512, 2048, 7 * 7}, {2048, 512, 7 * 7}, {512, 4608, 7 * 7},
			{320, 960, 7 * 7}, {1280, 320, 7 * 7}, {96, 24, 56 * 56}, {24, 144, 56 * 56}, {16, 96, 112 * 112}, {1000, 512, 13 * 13},
		} {
			m := &Matrix{rows: s.rows, cols: s.cols, isa: i, width: shapes[i].width}
			for threads, least := range map[int]float64{2: 1.8, 4: 3.2} {
				if m.Panels() < 4*threads && ceil(s.n, shapes[i].tileCols) < 4*threads {
					continue // there are too few pieces: of ten panels one of four threads has three
				}
				p := split(m, s.n, threads)
				work := func(width, rows int) float64 {
					return float64(s.cols * ceil(width, shapes[i].narrow) * shapes[i].narrow * (rows + 4))
				}
				load := make([]float64, threads)
				for part := range p.across * p.down {
					from, to, left := p.of(part)
					next := slices.Index(load, slices.Min(load))
					load[next] += work(min(p.cols, s.n-left), min(to*m.width, s.rows)-from*m.width)
				}
				if times := work(s.n, s.rows) / slices.Max(load); times < least {
					t.Errorf("%d×%d×%d in %d parts across and %d down: %d threads are %.2f times as fast", s.rows, s.cols, s.n, p.across, p.down, threads, times)
				}
			}
		}
	})
}
