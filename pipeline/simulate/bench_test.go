package simulate

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"tandem/pipeline"
)

// mixed are slow nodes of mixed speeds behind a fast node whose head is no limit, and what they carry together, in frames per
// second.
func mixed(nodes int) (device func(level, i int) Device, capacity float64) {
	random := rand.New(rand.NewPCG(1, uint64(nodes)))
	slow := make([]steady, nodes)
	for i := range slow {
		slow[i].tail = time.Duration(100+random.IntN(901)) * time.Millisecond
		capacity += 1 / slow[i].tail.Seconds()
	}
	head := time.Duration(0.05 / capacity * float64(time.Second)) // a twentieth of fast's time
	fast := steady{head, 42 * time.Millisecond, 580 * time.Millisecond}
	capacity += (1 - 0.05) / (head + fast.tail).Seconds()
	return func(level, i int) Device {
		if level == 0 {
			return fast
		}
		return slow[i]
	}, capacity
}

// places hold what comes while fast is at a tail of its own, as far as that matters: where so much comes, its tail is next to
// nothing.
const places = 32

func ofMany(nodes int, frames uint64, share float64) Plan {
	device, capacity := mixed(nodes)
	run := pipeline.Run{ID: "many", Strategy: "balance", Frames: frames, Interval: time.Duration(float64(time.Second) / (share * capacity))}
	p := planOf(run, device, nodes)
	for _, level := range p.Levels {
		for i := range level {
			level[i].Stage.Queue = places
		}
	}
	return p
}

// BenchmarkFrames shows that the cost of a run grows as n log n with its frames.
func BenchmarkFrames(b *testing.B) {
	for _, frames := range []uint64{300, 3_000, 30_000, 300_000, 1_000_000} {
		b.Run(fmt.Sprint(frames), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				play(b, planOf(pipeline.Run{ID: "b", Strategy: "balance", Frames: frames, Interval: 30 * time.Millisecond}, same(pi), 1))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(frames), "ns/frame")
		})
	}
}

// BenchmarkNodes shows what a slow node more costs, and that the cost of a run grows with its frames alike for few and many.
func BenchmarkNodes(b *testing.B) {
	for _, nodes := range []int{10, 100, 1000} {
		for _, frames := range []uint64{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprint(nodes, "/", frames), func(b *testing.B) {
				for b.Loop() {
					play(b, ofMany(nodes, frames, 0.97))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(frames), "ns/frame")
			})
		}
	}
}

// BenchmarkFleet is a million frames for a thousand slow nodes: it shall take less than a minute, and less than 500 MB.
func BenchmarkFleet(b *testing.B) {
	for b.Loop() {
		play(b, ofMany(1000, 1_000_000, 0.97))
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MB")
}
