package model

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkThreads compares executors of one, two and four threads, layer by layer and in turn: frame after frame, as
// under full load. Each layer is shared out, whether that pays or not. An x of 1.8 is 1.8 times as fast; cores-busy, the
// processor time of the process beside the clock's, says how many cores the threads have had of those that they wanted:
// where it is far below their number, other programs had the rest, and x says nothing.
func BenchmarkThreads(b *testing.B) {
	for _, n := range []*Network{Default(1), kindsOfConvolution(b)} {
		es := []*Executor{}
		threads := []int{1, 2, 4}
		for _, t := range threads {
			e := NewExecutor(n, Options{Threads: t})
			defer e.Close()
			if err := e.Load(0, n.Len()); err != nil {
				b.Fatal(err)
			}
			for l := range e.sharing {
				e.sharing[l] = sharing{always, always}
			}
			es = append(es, e)
		}
		for i := range n.Len() {
			b.Run(fmt.Sprint(n.Tensor(i+1), n.Shapes(i), n.Shapes(i+1)), func(b *testing.B) {
				xs := [][]float32{make([]float32, n.Size(i))}
				for k := range xs[0] {
					xs[0][k] = float32(k%17) / 17
				}
				for _, e := range es { // makes the plans
					if _, err := e.Run(xs, i, i+1); err != nil {
						b.Fatal(err)
					}
				}
				took, busy := make([][]time.Duration, len(es)), make([]float64, len(es))
				b.ReportAllocs()
				for b.Loop() {
					for k, e := range es {
						const turn = 10 * time.Millisecond // the threads are awake after the first frame
						began, cpu, frames := time.Now(), processTime(b), 0
						for ; time.Since(began) < turn; frames++ {
							if _, err := e.Run(xs, i, i+1); err != nil {
								b.Fatal(err)
							}
						}
						wall := time.Since(began)
						busy[k] += float64(processTime(b)-cpu) / float64(wall)
						took[k] = append(took[k], wall/time.Duration(frames))
					}
				}
				alone := median(took[0])
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(alone.Nanoseconds())/1000, "µs-one-thread")
				for k := 1; k < len(es); k++ {
					name := fmt.Sprint(threads[k], "-threads")
					b.ReportMetric(float64(alone)/float64(median(took[k])), "x-"+name)
					b.ReportMetric(busy[k]/float64(len(took[k])), "cores-busy-"+name)
				}
			})
		}
	}
}

// kindsOfConvolution is a network of one of each kind: by tiles, strided, 1×1 with many positions and with few, depthwise.
func kindsOfConvolution(b *testing.B) *Network {
	weight := func(name string, dims ...int64) bytesOf {
		count := int64(1)
		for _, d := range dims {
			count *= d
		}
		numbers := make([]float32, count)
		for i := range numbers {
			numbers[i] = float32(i%13-6) / 100
		}
		return weights(name, dims, numbers...)
	}
	pad := intsAttr("pads", 1, 1, 1, 1)
	n, err := open(b, graph{
		nodes: []bytesOf{
			apply("Conv", "tiles", []string{"x", "a"}, pad), apply("Conv", "wide", []string{"tiles", "b"}),
			apply("Conv", "depthwise", []string{"wide", "c"}, pad, intAttr("group", 256)),
			apply("Conv", "strided", []string{"depthwise", "d"}, pad, intsAttr("strides", 4, 4)), apply("Conv", "narrow", []string{"strided", "e"}),
		},
		initializers: []bytesOf{
			weight("a", 64, 64, 3, 3), weight("b", 256, 64, 1, 1), weight("c", 256, 1, 3, 3), weight("d", 128, 256, 3, 3), weight("e", 512, 128, 1, 1),
		},
		in: []bytesOf{info("x", 1, 64, 56, 56)}, out: []bytesOf{info("narrow", 1, 512, 14, 14)},
	}.file())
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// processTime is what all threads have had of the processors.
func processTime(b *testing.B) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now); err != nil {
		b.Fatal(err)
	}
	return time.Duration(now.Nano())
}
