// Package plan finds out what the layers of a network take on the nodes of a fleet, and which node should take which of them.
package plan

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/dustin/go-humanize"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/transport"
)

// Calibrator says what the layers of a node's network take on it. It measures them when it is asked for the first time; what it
// finds is kept beside the threads' gains, so that the next process need not.
type Calibrator struct {
	Built   <-chan struct{}     // closed when Net and Cut stand
	Busy    func() (run string) // the run that is open on the node; empty: none
	Threads int
	Queue   int // places
	Emulate device.Emulation
	Net     func() *model.Network // that the node has now, which may be none; nil: it is an end node
	Cut     []int                 // where an emulated device's tail begins; empty: at the best cut

	Name  string                     // of the process
	ID    func() pipeline.NodeID     // what its neighbours call it; without an address: none has called it yet
	Below func() []*transport.Client // the nodes that it hands over to, and that are there

	measuring sync.Mutex
	measured  bool // guarded by measuring
	mu        sync.Mutex
	ways      map[string]transport.Way // to next nodes, by address
}

// Calibrate waits for a node that is only starting, and measures for some seconds, or answers at once. While a run is open it does
// not measure: both would be slower. The error is pipeline.ErrBusy then, and pipeline.ErrInvalidRun where there is no network.
func (c *Calibrator) Calibrate(ctx context.Context) (transport.Calibration, error) {
	select {
	case <-c.Built:
	case <-ctx.Done():
		return transport.Calibration{}, ctx.Err()
	}
	if c.Net == nil {
		return transport.Calibration{}, fmt.Errorf("%w: an end node computes no layers: ask fast and slow nodes", pipeline.ErrInvalidRun)
	}
	net := c.Net()
	if net == nil {
		return transport.Calibration{}, fmt.Errorf("%w: this node has no network yet, so nothing can be measured: give it --model", pipeline.ErrInvalidRun)
	}
	k := transport.Calibration{Digest: net.Digest(), Memory: int64(device.Memory() / 2)}
	if c.Emulate.Name != "" {
		k.Emulate, k.Layers = c.Emulate.Name, Profile(net, c.Emulate, c.cut(net), c.Threads)
		return k, nil
	}
	c.measuring.Lock()
	defer c.measuring.Unlock()
	if run := c.Busy(); !c.measured && run != "" {
		return k, fmt.Errorf("%w with run %s: its layers are measured when the run is over", pipeline.ErrBusy, run)
	}
	if !c.measured {
		times, err := model.Measure(net, c.Threads, k.Memory)
		if err != nil {
			return k, err
		}
		if slices.Max(times) == 0 {
			return k, fmt.Errorf("%w: no layer that computes fits into the %s that this node has for weights: plan without it",
				pipeline.ErrInvalidRun, humanize.IBytes(uint64(k.Memory)))
		}
		c.measured = true
	}
	k.Layers = Profile(net, c.Emulate, 0, c.Threads)
	return k, nil
}

func (c *Calibrator) cut(net *model.Network) int {
	if len(c.Cut) > 0 {
		return c.Cut[0]
	}
	return net.DefaultCut(c.Threads)
}
