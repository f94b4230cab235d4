package transport

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport/link"
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

// The rate of a link is found either way, and so is its round trip; where nothing is the limit, none is told.
func TestProbe(t *testing.T) {
	down, err := link.Parse("rate=16mbit,delay=3ms") // which is up to 0.4 ms early, as timers are late
	if err != nil {
		t.Fatal(err)
	}
	far := link.NewUplink(down, 1)
	defer far.Close()
	n := &fakeNode{}
	c := NewClient(serveOver(t, n, 2<<20, far), Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 2 << 20}, nil)
	var w Way
	for range 10 { // a busy machine is slower than the links, for a moment
		var err error
		if w, err = c.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.Back > 2.1e6 {
			t.Fatalf("%.0f bytes a second come back over a link of 2,000,000", w.Back)
		}
		if w.Back > 0.5e6 && (w.There == 0 || w.There > 2*w.Back) {
			break
		}
	}
	if w.Back < 0.5e6 {
		t.Errorf("%.0f bytes a second come back over a link of 2,000,000", w.Back)
	}
	if w.There > 0 && w.There < 2*w.Back {
		t.Errorf("%.0f bytes a second get there over loopback", w.There)
	}
	if w.RoundTrip < 2*time.Millisecond {
		t.Errorf("the round trip takes %v", w.RoundTrip)
	}
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
