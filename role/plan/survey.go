package plan

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/strategy/placement"
	"tandem/transport"
)

// Profile is what the layers of a network take on a device: one that is emulated, whose tail begins at cut, or this one, as far as
// that was measured. Where nothing was, the unit is any.
func Profile(net *model.Network, e device.Emulation, cut, threads int) (layers []time.Duration) {
	if e.Name != "" {
		return e.Layers(net.Shares(), cut, 0)
	}
	for _, ns := range net.Costs(threads) {
		layers = append(layers, time.Duration(ns))
	}
	return layers
}

// Survey asks this node, and each one that it hands over to, which asks those below it; and then measures the way to each, but for
// ways that it has measured before: while a run is open they are not what they are like otherwise.
func (c *Calibrator) Survey(ctx context.Context) (transport.Survey, error) {
	k, err := c.Calibrate(ctx)
	measured := err == nil
	if err != nil && !errors.Is(err, pipeline.ErrBusy) {
		return transport.Survey{}, err
	}
	net := c.Net()
	s := transport.Survey{Digest: net.Digest()}
	s.Sizes, s.Weights = sizes(net)
	own := transport.Site{Name: c.Name, Layers: k.Layers, Measured: measured, Memory: k.Memory, Queue: c.Queue, NodeID: c.ID()}
	if !measured {
		own.Layers = Profile(net, c.Emulate, c.cut(net), c.Threads)
	}
	s.Sites = append(s.Sites, own)
	below := c.Below()
	surveys, errs := make([]transport.Survey, len(below)), make([]error, len(below))
	var asking sync.WaitGroup
	for i, next := range below {
		asking.Go(func() {
			if _, errs[i] = describe(ctx, next); errs[i] == nil {
				surveys[i], errs[i] = next.Survey(ctx)
			}
		})
	}
	asking.Wait()
	for i, next := range below {
		if errs[i] == nil {
			errs[i] = c.adopt(ctx, &s, next, surveys[i])
		}
		if errs[i] != nil && !errors.Is(errs[i], pipeline.ErrUnreachable) { // who is away has no part in it
			return s, errs[i]
		}
	}
	if len(below) > 0 && len(s.Sites) == 1 {
		return s, errors.Join(errs...)
	}
	slices.SortStableFunc(s.Sites, func(a, b transport.Site) int { return a.Stage - b.Stage })
	return s, nil
}

// adopt adds what a next node has said of itself and of those below it. One that has not got the network yet is taken for a device
// like this one until it has.
func (c *Calibrator) adopt(ctx context.Context, s *transport.Survey, next *transport.Client, said transport.Survey) (err error) {
	for i, site := range said.Sites {
		if i == 0 {
			if site.Way, err = c.way(ctx, next); err != nil {
				return err
			}
			if site.Address == "" {
				site.Address = next.Address()
			}
		}
		if said.Digest != s.Digest {
			site.Layers, site.Measured = s.Sites[0].Layers, false
		}
		site.Stage++
		known := slices.IndexFunc(s.Sites, func(k transport.Site) bool { return k.Name == site.Name })
		if known < 0 {
			s.Sites = append(s.Sites, site)
		} else {
			s.Sites[known].Stage = max(site.Stage, s.Sites[known].Stage)
		}
	}
	return nil
}

// way is what the way to a next node is like.
func (c *Calibrator) way(ctx context.Context, next *transport.Client) (transport.Way, error) {
	c.mu.Lock()
	way, known := c.ways[next.Address()]
	c.mu.Unlock()
	if known {
		return way, nil
	}
	way, err := next.Probe(ctx)
	if err != nil {
		return way, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ways == nil {
		c.ways = map[string]transport.Way{}
	}
	c.ways[next.Address()] = way
	return way, nil
}

// sizes are the values at each boundary of a network, 0 where more tensors are alive than a frame may have, and the bytes of each layer.
func sizes(net *model.Network) (values []int, weights []int64) {
	for i := range net.Len() + 1 {
		size := net.Size(i)
		if len(net.Shapes(i)) > transport.MaxTensors {
			size = 0
		}
		values = append(values, size)
	}
	for i := range net.Len() {
		weights = append(weights, net.Bytes(i, i+1))
	}
	return values, weights
}

// Network is one with these sizes as the planner sees it. Values travel in the wire's format, and each frame has some bytes of its own.
func Network(sizes []int, weights []int64, wire string) placement.Network {
	const envelope = 96 // of a frame in a call: its number, times, shapes
	n := placement.Network{Weights: weights}
	for i, size := range sizes {
		format := wire
		if i == len(weights) || format == "" {
			format = transport.Float32 // results are exact
		}
		bytes := envelope + transport.ValueBytes(format)*size
		if size == 0 {
			bytes = -1
		}
		n.Bytes = append(n.Bytes, bytes)
	}
	return n
}

// Places is a surveyed pipeline as the planner sees it: the nodes that are there, each so many times as slow as it was surveyed, and
// which of them are in each stage.
func Places(s transport.Survey, wire string, slowdown func(pipeline.NodeID) (times float64, there bool)) (network placement.Network, devices []placement.Device, stages [][]int) {
	for _, site := range s.Sites {
		for site.Stage >= len(stages) {
			stages = append(stages, nil)
		}
		times, there := slowdown(site.NodeID)
		if !there {
			continue
		}
		layers := make([]time.Duration, len(site.Layers))
		for i, l := range site.Layers {
			layers[i] = time.Duration(float64(l) * times)
		}
		stages[site.Stage] = append(stages[site.Stage], len(devices))
		devices = append(devices, Device(site.Address, layers, site.Memory, site.Way))
	}
	return Network(s.Sizes, s.Weights, wire), devices, stages
}

// Device is a node as the planner sees it.
func Device(name string, layers []time.Duration, memory int64, way transport.Way) placement.Device {
	return placement.Device{
		Name: name, Layers: layers, Memory: memory,
		Link: placement.Link{Send: way.Back, Receive: way.There, Delay: way.RoundTrip / 2},
	}
}
