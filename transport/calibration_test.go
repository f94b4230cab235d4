package transport

import (
	"context"
	"errors"
	"io"
	"log"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/transport/auth"
)

var calibrated = Calibration{Digest: "d1", Layers: []time.Duration{3 * time.Millisecond, 0, 42 * time.Microsecond}, Memory: 1 << 30, Emulate: "pi3"}

func TestCalibrate(t *testing.T) {
	n := &fakeNode{}
	c := NewClient(serve(t, n, 1<<20), Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 1 << 20}, nil)
	if got, err := c.Calibrate(t.Context()); err != nil || !reflect.DeepEqual(got, calibrated) {
		t.Errorf("%+v, %v", got, err)
	}
	n.err = pipeline.ErrBusy
	if _, err := c.Calibrate(t.Context()); !errors.Is(err, pipeline.ErrBusy) {
		t.Errorf("while a run is open: %v", err)
	}
}

// The rate of a link is found, and so is its round trip; where nothing is the limit, none is told.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := overPipes(t, "delay=1ms")
		down := overLink(t, "rate=16mbit,delay=3ms")
		s := NewServer(&fakeNode{}, nil, 8<<20, auth.NewGate(nil, func(auth.Refusal) {}), log.New(io.Discard, "", 0))
		var serving sync.WaitGroup
		serving.Go(func() { _ = s.Serve(down.Listen(far)) }) // until the pipes are closed
		w, err := c.Probe(t.Context())
		if err != nil || w.Back < 1.8e6 || w.Back > 2.1e6 {
			t.Errorf("%.0f bytes a second come back over a link of 2,000,000, some of which are headers: %v", w.Back, err)
		}
		if w.There != 0 {
			t.Errorf("%.0f bytes a second get there over a link without a rate", w.There)
		}
		if off := w.RoundTrip - 4*time.Millisecond; off.Abs() > time.Millisecond { // a link is up to 0.4 ms early, as timers are late
			t.Errorf("the round trip takes %v", w.RoundTrip)
		}
		c.CloseIdle()
		c.limits.Uplink.Close()
		close(far)
		_ = s.Close()
		serving.Wait()
		down.Close()
	})
}

// Nobody gets more bytes than a probe may have.
func TestProbeIsBounded(t *testing.T) {
	c := NewClient(serve(t, &fakeNode{}, 8<<20), Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 8 << 20}, nil)
	for _, test := range []struct {
		there, back int
		want        string
	}{
		{0, 2 << 20, "wanted"},
		{2 << 20, 0, "2097"},
	} {
		if _, err := c.probe(context.Background(), test.there, test.back); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d bytes there, %d back: %v", test.there, test.back, err)
		}
	}
}
