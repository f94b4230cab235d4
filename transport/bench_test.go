package transport

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
)

// sink takes every frame.
type sink struct{ fakeNode }

func (*sink) Push(_ context.Context, p Pushing) (Pushed, error) {
	answers := make([]pipeline.Feedback, len(p.Frames))
	for i := range answers {
		answers[i].Accepted = true
	}
	return Pushed{Feedback: answers}, nil
}

// BenchmarkPush reports what a frame of 2000 values costs both ends together, in processor time, when so many share a
// call.
func BenchmarkPush(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := NewServer(&sink{}, nil, 8<<20, log.New(io.Discard, "", 0))
	go s.Serve(l)
	defer s.Close()
	c := NewClient(l.Addr().String(), Limits{Dial: time.Second, Call: time.Minute, Window: 4, MaxBody: 8 << 20})
	for _, frames := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("frames=%d", frames), func(b *testing.B) {
			batch := make([]pipeline.Frame, frames)
			for i := range batch {
				batch[i] = pipeline.Frame{ID: uint64(i), Shape: []int{2000}, Data: make([]float32, 2000), Label: pipeline.NoLabel, Since: time.Now()}
			}
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				if _, err := c.Push(b.Context(), Pushing{Run: "run", From: "me", Frames: batch}); err != nil {
					b.Fatal(err)
				}
			}
			used := processorTime(b) - before
			b.ReportMetric(float64(used.Microseconds())/float64(b.N*frames), "cpu-µs/frame")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*frames), "µs/frame")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
