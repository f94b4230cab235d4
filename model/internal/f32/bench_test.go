package f32

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// duel runs ours and theirs in turns and reports the median time of each and of
// their ratios: an "x-theirs" of 2 is twice as fast as theirs. Taking turns
// keeps what else the machine does out of the ratio.
func duel(b *testing.B, name string, ours, theirs func(i int)) {
	duelTimed(b, name, clock(ours), clock(theirs))
}

func clock(f func(i int)) func(i int) time.Duration {
	return func(i int) time.Duration {
		began := time.Now()
		f(i)
		return time.Since(began)
	}
}

// duelTimed is duel for functions that measure themselves.
func duelTimed(b *testing.B, name string, ours, theirs func(i int) time.Duration) {
	b.ReportAllocs()
	const most = 1 << 14
	a, z, ratio := make([]float64, 0, most), make([]float64, 0, most), make([]float64, 0, most)
	for i := 0; b.Loop(); i++ {
		var u, v time.Duration
		if i%2 == 0 {
			u = ours(i)
			v = theirs(i)
		} else {
			v = theirs(i)
			u = ours(i)
		}
		if len(ratio) < most {
			a, z, ratio = append(a, float64(u)), append(z, float64(v)), append(ratio, float64(v)/float64(u))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(a)/1e3, "us-ours")
	b.ReportMetric(median(z)/1e3, "us-"+name)
	b.ReportMetric(median(ratio), "x-"+name)
}

func median(s []float64) float64 {
	slices.Sort(s)
	return s[len(s)/2]
}

var realLayers = []struct{ rows, cols int }{{2000, 100}, {2000, 2000}}

// BenchmarkAffine reports GB/s of weights for each instruction set.
func BenchmarkAffine(b *testing.B) {
	for _, s := range realLayers {
		for _, i := range supported() {
			b.Run(fmt.Sprintf("%d-%d/%v", s.cols, s.rows, i), func(b *testing.B) {
				r := rand.New(rand.NewPCG(17, 18))
				m := packFor(i, s.rows, s.cols, random(r, s.rows*s.cols))
				x, y, bias := random(r, s.cols), random(r, s.rows), random(r, s.rows)
				b.ReportAllocs()
				b.SetBytes(int64(m.Bytes()))
				for b.Loop() {
					m.Affine(y, x, bias, ReLU)
				}
			})
		}
	}
}

// BenchmarkBatch reports how many times faster frames are together than alone.
func BenchmarkBatch(b *testing.B) {
	for _, s := range realLayers {
		for _, count := range []int{2, 4, 8, 16} {
			for _, i := range supported() {
				b.Run(fmt.Sprintf("%d-%d/%d/%v", s.cols, s.rows, count, i), func(b *testing.B) {
					r := rand.New(rand.NewPCG(19, 20))
					m := packFor(i, s.rows, s.cols, random(r, s.rows*s.cols))
					x, y, bias := frames(r, count, s.cols), frames(r, count, s.rows), random(r, s.rows)
					duel(b, "alone", func(int) { m.AffineBatch(y, x, bias, ReLU) }, func(int) {
						for f := range x {
							m.Affine(y[f], x[f], bias, ReLU)
						}
					})
				})
			}
		}
	}
}

// BenchmarkTeam reports how many times faster two threads are than one: in a run
// of products, where the workers are awake, and after a pause, where they have
// to be woken.
func BenchmarkTeam(b *testing.B) {
	for _, s := range realLayers {
		team := NewTeam(2)
		defer team.Close()
		r := rand.New(rand.NewPCG(21, 22))
		m := Pack(s.rows, s.cols, random(r, s.rows*s.cols))
		x, y, bias := random(r, s.cols), random(r, s.rows), random(r, s.rows)
		one, two := func(int) { m.Affine(y, x, bias, ReLU) }, func(int) { team.Affine(m, y, x, bias, ReLU) }
		single := clock(one)
		b.Run(fmt.Sprintf("%d-%d/awake", s.cols, s.rows), func(b *testing.B) {
			duelTimed(b, "one-thread", func(i int) time.Duration {
				for end := time.Now().Add(2 * time.Millisecond); time.Now().Before(end); {
					two(i)
				}
				return clock(two)(i)
			}, func(i int) time.Duration {
				time.Sleep(2 * Spin) // the worker goes to sleep, it would be in the way
				one(i)
				return single(i)
			})
		})
		b.Run(fmt.Sprintf("%d-%d/parked", s.cols, s.rows), func(b *testing.B) {
			duelTimed(b, "one-thread", func(i int) time.Duration {
				time.Sleep(time.Millisecond)
				one(i) // back into the cache
				return clock(two)(i)
			}, func(i int) time.Duration {
				time.Sleep(time.Millisecond)
				one(i)
				return single(i)
			})
		})
	}
}
