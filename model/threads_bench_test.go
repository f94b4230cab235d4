package model

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkThreads compares executors of one and of two threads, layer by layer and in turn: frame after frame, as under
// full load. What the second thread does not make faster must stay as it is.
func BenchmarkThreads(b *testing.B) {
	n := Default(1)
	one, two := NewExecutor(n, Options{Threads: 1}), NewExecutor(n, Options{Threads: 2})
	defer one.Close()
	defer two.Close()
	for _, e := range []*Executor{one, two} {
		if err := e.Load(0, n.Len()); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n.Len() {
		b.Run(fmt.Sprint("layer=", i, n.Shapes(i), n.Shapes(i+1)), func(b *testing.B) {
			xs := [][]float32{make([]float32, n.Size(i))}
			var took [2][]time.Duration
			b.ReportAllocs()
			for b.Loop() {
				for k, e := range []*Executor{one, two} {
					const turn = 50 // frames: the threads are awake after the first
					began := time.Now()
					for range turn {
						if _, err := e.Run(xs, i, i+1); err != nil {
							b.Fatal(err)
						}
					}
					took[k] = append(took[k], time.Since(began)/turn)
				}
			}
			alone, shared := median(took[0]), median(took[1])
			b.ReportMetric(float64(alone.Nanoseconds())/1000, "µs-one-thread")
			b.ReportMetric(float64(alone)/float64(shared), "x-one-thread")
		})
	}
}
