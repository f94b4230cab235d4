package transport

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/transport/wire"
)

// Calibration is what a frame by itself takes on a node.
type Calibration struct {
	Digest  string          // of the network
	Layers  []time.Duration // a layer whose work is done by another one takes none
	Memory  int64           // bytes that the node has for weights; 0: it is not known
	Emulate string          // the device that it emulates; empty: none
}

// Calibrate asks the node what its layers take. The first time it measures them, which takes seconds.
func (c *Client) Calibrate(ctx context.Context) (Calibration, error) {
	m, err := c.node.Calibrate(ctx, &wire.CalibrateRequest{})
	if err := c.checked(m, err); err != nil {
		return Calibration{}, err
	}
	k := Calibration{Digest: m.GetDigest(), Memory: m.GetMemory(), Emulate: m.GetEmulate()}
	for _, ns := range m.GetLayers() {
		k.Layers = append(k.Layers, time.Duration(ns))
	}
	return k, nil
}

func (h handler) Calibrate(ctx context.Context, _ *wire.CalibrateRequest) (*wire.CalibrateResponse, error) {
	k, err := h.node.Calibrate(ctx)
	if err != nil {
		return nil, err
	}
	m := &wire.CalibrateResponse{Digest: k.Digest, Memory: k.Memory, Emulate: k.Emulate}
	for _, layer := range k.Layers {
		m.Layers = append(m.Layers, layer.Nanoseconds())
	}
	return m, nil
}

// Way is what the way to a node is like.
type Way struct {
	RoundTrip   time.Duration // of next to nothing
	There, Back float64       // bytes a second; 0: more than can be told
}

// Probe measures the way to the node. It sends as many bytes as tell something, and at most some 2 MiB each way.
func (c *Client) Probe(ctx context.Context) (w Way, err error) {
	var trips []time.Duration
	for range 5 {
		trip, err := c.probe(ctx, 0, 0)
		if err != nil {
			return w, err
		}
		trips = append(trips, trip)
	}
	w.RoundTrip = slices.Min(trips[1:]) // the first one has dialled
	if w.There, err = c.rate(ctx, w.RoundTrip, 1, 0); err != nil {
		return w, err
	}
	w.Back, err = c.rate(ctx, w.RoundTrip, 0, 1)
	return w, err
}

// rate measures bytes a second, there or back. What takes hardly longer than nothing at all tells no rate.
func (c *Client) rate(ctx context.Context, trip time.Duration, there, back int) (float64, error) {
	const (
		least, most = 16 << 10, 1 << 20
		tells       = 100 * time.Millisecond
	)
	for bytes := least; ; bytes *= 4 {
		took, err := c.probe(ctx, there*bytes, back*bytes)
		if err == nil && took-trip >= tells { // once more: what disturbs a measurement makes it longer
			again, wrong := c.probe(ctx, there*bytes, back*bytes)
			took, err = min(took, again), wrong
		}
		if err != nil {
			return 0, err
		}
		switch more := took - trip; {
		case more >= tells:
			return float64(bytes) / more.Seconds(), nil
		case bytes == most && more > trip:
			return float64(bytes) / more.Seconds(), nil
		case bytes == most:
			return 0, nil
		}
	}
}

// probe sends so many bytes, and wants as many back.
func (c *Client) probe(ctx context.Context, there, back int) (time.Duration, error) {
	began := time.Now()
	m, err := c.node.Probe(ctx, &wire.ProbeRequest{Data: make([]byte, there), Wanted: int32(back)})
	took := time.Since(began)
	if err := c.checked(m, err); err != nil {
		return 0, err
	}
	if got := len(m.GetData()); got != back {
		return 0, fmt.Errorf("%s answered a probe with %d bytes, and %d were asked for", c.address, got, back)
	}
	return took, nil
}

func (handler) Probe(_ context.Context, m *wire.ProbeRequest) (*wire.ProbeResponse, error) {
	return &wire.ProbeResponse{Data: make([]byte, m.GetWanted())}, nil
}
