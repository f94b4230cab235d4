package transport

import (
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport/link"
)

// overLink is an uplink of the given shape.
func overLink(t *testing.T, shape string) *link.Uplink {
	t.Helper()
	s, err := link.Parse(shape)
	if err != nil {
		t.Fatal(err)
	}
	return link.NewUplink(s, 1)
}

// Frames and answers cross emulated links on both sides, in pushes at once; a call that is given up, and a server that
// is closed, leave nothing behind.
func TestFramesCrossAnEmulatedLink(t *testing.T) {
	up, down := overLink(t, "delay=2ms,jitter=1ms,rate=100mbit"), overLink(t, "delay=3ms")
	n := &fakeNode{}
	c := NewClient(serveOver(t, n, 1<<20, down), Limits{Dial: time.Minute, Call: time.Minute, Window: 4, MaxBody: 1 << 20, Uplink: up}, nil)
	var calls sync.WaitGroup
	for i := range 8 {
		calls.Go(func() {
			f := frame(uint64(i))
			f.Shapes, f.Data = [][]int{{20_000}}, make([]float32, 20_000)
			if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{f}}); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if len(n.frames) != 8 {
		t.Errorf("%d frames have arrived", len(n.frames))
	}
	if rtt := c.RoundTrip(); rtt < 5*time.Millisecond-time.Millisecond {
		t.Errorf("a round trip takes %s, and the delays alone are 5 ms", rtt)
	}
	c.CloseIdle()
	up.Close()
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me"}); err == nil || !strings.Contains(err.Error(), c.Address()) {
		t.Errorf("over a closed uplink: error %v", err)
	}
}
