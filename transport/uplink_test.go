package transport

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
)

// An uplink that is closed closes its connections, and those that come later.
func TestUplinkCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := uplink(t, "delay=1ms")
		raw, far := net.Pipe()
		near := u.Over(raw)
		if _, err := near.Write([]byte("last words")); err != nil {
			t.Error(err)
		}
		go u.Close()
		if got, err := io.ReadAll(far); string(got) != "last words" || err != nil {
			t.Errorf("%q (%v)", got, err)
		}
		u.Close()
		raw, far = net.Pipe()
		late := u.Over(raw)
		if _, err := late.Write([]byte("x")); err == nil {
			t.Error("a connection of a closed uplink can be written to")
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("a connection of a closed uplink carries something")
		}
	})
}

// Frames and answers cross emulated links on both sides, in pushes at once; a call that is given up, and a server that
// is closed, leave nothing behind.
func TestFramesCrossAnEmulatedLink(t *testing.T) {
	up, down := uplink(t, "delay=2ms,jitter=1ms,rate=100mbit"), uplink(t, "delay=3ms")
	n := &fakeNode{}
	c := NewClient(serveOver(t, n, 1<<20, down), Limits{Dial: time.Second, Call: 20 * time.Second, Window: 4, MaxBody: 1 << 20, Uplink: up}, nil)
	var calls sync.WaitGroup
	for i := range 8 {
		calls.Go(func() {
			f := frame(uint64(i))
			f.Shape, f.Data = []int{20_000}, make([]float32, 20_000)
			if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{f}}); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if len(n.frames) != 8 {
		t.Errorf("%d frames have arrived", len(n.frames))
	}
	if rtt := c.RoundTrip(); rtt < 5*time.Millisecond-2*early {
		t.Errorf("a round trip takes %s, and the delays alone are 5 ms", rtt)
	}
	c.CloseIdle()
	up.Close()
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me"}); err == nil || !strings.Contains(err.Error(), c.Address()) {
		t.Errorf("over a closed uplink: error %v", err)
	}
}
