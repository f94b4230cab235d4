package model

import (
	"context"
	"time"
)

// Measure runs the whole network on this device and times each layer in it: one
// frame, the lower quartile of a few. A layer that the one before it does with its own,
// as a convolution does a ReLU, takes no time, and neither does one that only
// looks at what is there in another way. What it finds is remembered, see Costs.
func Measure(n *Network, threads int) ([]time.Duration, error) {
	e := NewExecutor(n, Options{Threads: threads})
	defer e.Close()
	e.Tune(context.Background())
	if err := e.Load(0, n.Len()); err != nil {
		return nil, err
	}
	p, err := e.plan(0, n.Len())
	if err != nil {
		return nil, err
	}
	const (
		least, most = 5, 101
		enough      = time.Second
	)
	for k, in := range p.in[0] {
		if n.Entering(0)[k].Type != "float32" {
			continue // places in a table stay 0
		}
		for i := range in.Float32s() {
			in.Float32s()[i] = float32(i%17) / 17
		}
	}
	samples := make([][]time.Duration, n.Len())
	for began, round := time.Now(), 0; round < least || round < most && time.Since(began) < enough; round++ {
		e.busy = true // a network has more than one layer
		for i := range p.steps {
			s := &p.steps[i]
			start := time.Now()
			if err := e.apply(s, 0, 1); err != nil {
				return nil, err
			}
			if s.node >= 0 {
				samples[s.node] = append(samples[s.node], time.Since(start))
			}
		}
	}
	times := make([]time.Duration, n.Len())
	known, until := thisDevice().times, time.Time{}
	if e.several() && e.crowded() {
		until = time.Now().Add(busyDay)
	}
	for i, all := range samples {
		if len(all) > 1 {
			times[i] = undisturbed(all[1:]) // the first one warms up
			known.remember(n.shape(i, 1, max(1, threads)), finding[time.Duration]{times[i], until})
		}
	}
	known.save()
	return times, nil
}
