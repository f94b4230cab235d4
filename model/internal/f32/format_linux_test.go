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
// format as far as it is slower cold.
func BenchmarkFormats(b *testing.B) {
	const n, memory = 2000, 256 << 20
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
			var cold, warm [3][]float64
			for turn := 0; b.Loop(); turn++ {
				for f, ms := range all {
					m := ms[turn%len(ms)]
					once := busy(func(int) { m.Affine(y, x, nil, Linear) })
					cold[f], warm[f] = append(cold[f], float64(once(0))), append(warm[f], float64(once(0)))
				}
			}
			b.ReportMetric(0, "ns/op")
			float := [2]float64{median(cold[0]), median(warm[0])}
			for f := range all {
				each, name := median(cold[f]), Format(f).String()
				b.ReportMetric(float[0]/each, "x-"+name)
				b.ReportMetric(float[1]/median(warm[f]), "x-warm-"+name)
				b.ReportMetric(float64(all[f][0].Bytes())/each, "GB/s-"+name)
				for _, m := range all[f] {
					m.Free()
				}
			}
		})
	}
}
