package pipeline

import (
	"iter"
	"math"
	"testing"
	"time"
)

// However frames come, in the mean there is one every so often.
func TestArrivals(t *testing.T) {
	const every, n = 10 * time.Millisecond, 8000
	for name, c := range map[string]struct {
		gaps  iter.Seq[time.Duration]
		least float64 // of the gaps' squared coefficient of variation: 0 for a beat, 1 for Poisson, frames - 1 for bursts
		most  float64
	}{
		"beat":    {Beat(every), 0, 0},
		"poisson": {Poisson(every, 1), 0.9, 1.1},
		"bursts":  {Bursts(every, 8), 7, 7},
	} {
		sum, squares, i := 0.0, 0.0, 0
		for gap := range c.gaps {
			g := float64(gap) / float64(every)
			sum, squares = sum+g, squares+g*g
			if i++; i == n {
				break
			}
		}
		mean := sum / n
		if v := squares/n/mean/mean - 1; math.Abs(mean-1) > 0.05 || v < c.least-1e-9 || v > c.most+1e-9 {
			t.Errorf("%s: a gap of %.3f of the interval in the mean, with a variation of %.3f", name, mean, v)
		}
	}
	bursts := []time.Duration{}
	for gap := range Bursts(every, 3) {
		if bursts = append(bursts, gap); len(bursts) == 4 {
			break
		}
	}
	if bursts[0] != 0 || bursts[1] != 0 || bursts[2] != 3*every || bursts[3] != 0 {
		t.Errorf("bursts of three: %v", bursts)
	}
}

// Poisson gives the same gaps again for the same seed.
func TestPoissonIsRepeated(t *testing.T) {
	first := func(seed uint64) time.Duration {
		for gap := range Poisson(time.Second, seed) {
			return gap
		}
		return 0
	}
	if one, again, other := first(1), first(1), first(2); again != one || other == one {
		t.Errorf("%v, %v, and with another seed %v", one, again, other)
	}
}
