// Package plan finds out what the layers of a network take on the nodes of a fleet, and which node should take which of them.
package plan

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/transport"
)

// Calibrator says what the layers of a node's network take on it. It measures them when it is asked for the first time; what it
// finds is kept beside the threads' gains, so that the next process need not.
type Calibrator struct {
	Net     *model.Network
	Threads int
	Emulate device.Emulation
	Cut     int                 // where an emulated device's tail begins
	Busy    func() (run string) // the run that is open on the node; empty: none

	mu       sync.Mutex
	measured bool
}

// Calibrate measures for some seconds, or answers at once. While a run is open it does not measure: both would be slower. The
// error is pipeline.ErrBusy.
func (c *Calibrator) Calibrate(context.Context) (transport.Calibration, error) {
	k := transport.Calibration{Digest: c.Net.Digest(), Memory: int64(device.Memory() / 2)}
	if c.Emulate.Name != "" {
		k.Emulate, k.Layers = c.Emulate.Name, c.Emulate.Layers(c.Net.Shares(), c.Cut, 0)
		return k, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if run := c.Busy(); !c.measured && run != "" {
		return k, fmt.Errorf("%w with run %s: its layers are measured when the run is over", pipeline.ErrBusy, run)
	}
	if !c.measured {
		if _, err := model.Measure(c.Net, c.Threads); err != nil {
			return k, err
		}
		c.measured = true
	}
	for _, ns := range c.Net.Costs(c.Threads) {
		k.Layers = append(k.Layers, time.Duration(ns))
	}
	return k, nil
}
