package role

import (
	"testing"
	"time"

	"tandem/model"
)

// BenchmarkUnpaced offers the pipeline 1.2 times the frames that its slower slice computes on this machine by itself,
// over real TCP with all roles on these cores, and reports what share of the slice's own rate is delivered.
func BenchmarkUnpaced(b *testing.B) {
	c := quick()
	c.Model = ""
	alone := sliceRate(b, c)
	c.Interval = time.Duration(float64(time.Second) / (1.2 * alone))
	c.Frames = uint64(1.2 * alone) // a second's worth
	nodes, err := startLocal(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	var rate float64
	runs := 0
	for b.Loop() {
		r, err := nodes.run(b.Context(), c, "baseline")
		if err != nil {
			b.Fatal(err)
		}
		if r.Unaccounted != 0 {
			b.Fatalf("%d frames are unaccounted for", r.Unaccounted)
		}
		rate += r.Rate
		runs++
	}
	rate /= float64(runs)
	b.ReportMetric(alone, "f/s-slice-alone")
	b.ReportMetric(rate, "f/s-delivered")
	b.ReportMetric(rate/alone, "delivered/alone")
	if err := nodes.stop(); err != nil {
		b.Fatal(err)
	}
}

// sliceRate is how many frames a second the slower slice computes with nothing beside it.
func sliceRate(b *testing.B, c setup) float64 {
	net, err := model.OpenOrDefault(c.Model, c.Settings, c.Seed)
	if err != nil {
		b.Fatal(err)
	}
	x := model.NewExecutor(net, model.Options{Threads: c.Threads})
	defer x.Close()
	if err := x.Load(0, net.Len()); err != nil {
		b.Fatal(err)
	}
	slowest := time.Duration(0)
	for _, slice := range [][2]int{{0, net.DefaultCut(1)}, {net.DefaultCut(1), net.Len()}} {
		in := [][]float32{make([]float32, net.Size(slice[0]))}
		const times = 300
		began := time.Now()
		for range times {
			if _, err := x.Run(in, slice[0], slice[1]); err != nil {
				b.Fatal(err)
			}
		}
		slowest = max(slowest, time.Since(began)/times)
	}
	return float64(time.Second) / float64(slowest)
}
