package auth_test

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
	"tandem/transport"
	"tandem/transport/auth"
)

// sink takes frames and forgets them.
type sink struct{ node }

func (*sink) Push(_ context.Context, p transport.Pushing) (transport.Pushed, error) {
	return transport.Pushed{Feedback: make([]pipeline.Feedback, len(p.Frames))}, nil
}

// BenchmarkPush reports what a frame of 2000 values costs both ends together, in processor time, when so many share a
// call; with nothing, with a key and with certificates.
func BenchmarkPush(b *testing.B) {
	s := newSite(b, time.Now())
	for _, kind := range []struct {
		name  string
		files auth.Files
	}{{"plain", auth.Files{}}, {"key", s.key("key", secret)}, {"tls", s.issue("node", time.Now(), "127.0.0.1")}} {
		creds := load(b, kind.files)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		gate := auth.NewGate(creds, func(auth.Refusal) {})
		server := transport.NewServer(&sink{}, nil, 8<<20, gate, log.New(io.Discard, "", 0))
		go server.Serve(gate.Listen(l))
		defer server.Close()
		c := transport.NewClient(l.Addr().String(), transport.Limits{Dial: time.Second, Call: time.Minute, Window: 4, MaxBody: 8 << 20}, creds)
		for _, frames := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("%s/frames=%d", kind.name, frames), func(b *testing.B) { benchmarkPush(b, c, frames) })
		}
	}
}

func benchmarkPush(b *testing.B, c *transport.Client, frames int) {
	batch := make([]pipeline.Frame, frames)
	for i := range batch {
		batch[i] = pipeline.Frame{ID: uint64(i), Shapes: [][]int{{2000}}, Data: make([]float32, 2000), Label: pipeline.NoLabel, Since: time.Now()}
	}
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if _, err := c.Push(b.Context(), transport.Pushing{Run: "run", From: "me", Frames: batch}); err != nil {
			b.Fatal(err)
		}
	}
	used := processorTime(b) - before
	b.ReportMetric(float64(used.Microseconds())/float64(b.N*frames), "cpu-µs/frame")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*frames), "µs/frame")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
