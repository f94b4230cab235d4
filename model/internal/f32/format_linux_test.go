package f32

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// busy is what a function has had of a processor. It is to stay on its thread.
func busy(f func(i int)) func(i int) time.Duration {
	now := func() time.Duration {
		var t unix.Timespec
		unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
		return time.Duration(t.Nano())
	}
	return func(i int) time.Duration {
		began := now()
		f(i)
		return now() - began
	}
}

// Each format beside float32, by turns, in processor time. Weights are cold: there are
// more matrices than any cache holds. Then they are warm: memory is the limit of a
// format as far as it is slower cold. A ratio is the median of those of the rounds, in
// each of which all formats come at about the same time: what other programs do to the
// memory meanwhile, they do to both sides of it.
func BenchmarkFormats(b *testing.B) {
	const n, memory, rounds = 2000, 256 << 20, 200
	r := rand.New(rand.NewPCG(11, 12))
	w, x, y := random(r, n*n), random(r, n), make([]float32, n)
	for _, i := range supported() {
		if i == portable {
			continue
		}
		b.Run(i.String(), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var all [3][]*Matrix
			for f := range all {
				for have := 0; have < memory; {
					m := packFor(i, n, n, w)
					m.Store(Format(f))
					all[f], have = append(all[f], m), have+m.Bytes()
				}
				for _, m := range all[f] {
					m.Affine(y, x, nil, Linear) // on a virtual machine the first time takes ten times as long
				}
			}
			var cold, times, warm [3][]float64
			for b.Loop() {
				for turn := range rounds {
					var once [3][2]float64
					for k := range all {
						f := (k + turn) % len(all)
						m := all[f][turn%len(all[f])]
						time := busy(func(int) { m.Affine(y, x, nil, Linear) })
						once[f] = [2]float64{float64(time(0)), float64(time(0))}
					}
					for f, took := range once {
						cold[f], times[f], warm[f] = append(cold[f], took[0]), append(times[f], once[0][0]/took[0]), append(warm[f], once[0][1]/took[1])
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			for f, name := range formats[:len(all)] {
				b.ReportMetric(median(times[f]), "x-"+name)
				b.ReportMetric(median(warm[f]), "x-warm-"+name)
				b.ReportMetric(float64(all[f][0].Bytes())/median(cold[f]), "GB/s-"+name)
				for _, m := range all[f] {
					m.Free()
				}
			}
		})
	}
}
