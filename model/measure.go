package model

import (
	"context"
	"time"
)

// Measure runs the network on this device and times each layer in it: one
// frame, the lower quartile of a few. A layer that the one before it does with its own,
// as a convolution does a ReLU, takes no time, and neither does one that only
// looks at what is there in another way. What it finds is remembered, see Costs.
//
// Weights of more bytes than memory are measured slice by slice, as many layers at a
// time as fit; 0: there is room for all. A layer that does not fit by itself is not
// measured: its time is 0, and Costs reckons it from the others.
func Measure(n *Network, threads int, memory int64) ([]time.Duration, error) {
	times := make([]time.Duration, n.Len())
	for _, s := range n.slices(memory) {
		if err := measure(n, s, threads, times); err != nil {
			return nil, err
		}
	}
	thisDevice().times.save()
	return times, nil
}

// slices are the layers that fit into so many bytes together, as long as they can be.
func (n *Network) slices(memory int64) (all []span) {
	if memory == 0 {
		return []span{{0, n.Len()}}
	}
	for from := 0; from < n.Len(); {
		to := from
		for to < n.Len() && n.Bytes(from, to+1) <= memory {
			to++
		}
		if to > from {
			all = append(all, span{from, to})
		}
		from = max(to, from+1)
	}
	return all
}

// measure measures the layers of a slice.
func measure(n *Network, slice span, threads int, times []time.Duration) error {
	e := NewExecutor(n, Options{Threads: threads})
	defer e.Close()
	e.Tune(context.Background())
	if err := e.Load(slice.from, slice.to); err != nil {
		return err
	}
	p, err := e.plan(slice.from, slice.to)
	if err != nil {
		return err
	}
	const (
		least, most = 5, 101
		enough      = time.Second
	)
	for k, in := range p.in[0] {
		if n.Entering(slice.from)[k].Type != "float32" {
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
				return err
			}
			if s.node >= 0 {
				samples[s.node] = append(samples[s.node], time.Since(start))
			}
		}
	}
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
	return nil
}
