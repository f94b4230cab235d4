package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tandem/strategy/placement"
	"tandem/transport"
)

// node is one of the fleet, and what it has said of itself.
type node struct {
	client *transport.Client
	transport.Description
	transport.Calibration
	transport.Way
}

// AskTime bounds what one node takes to measure its layers: a large network on an old Pi takes a minute.
const AskTime = 3 * time.Minute

// answerTime bounds what one takes to say what it is, which it does while it measures too.
const answerTime = 5 * time.Second

// ask asks all nodes what they are and what their layers take, at the same time, and then measures the way to each, one after the
// other: from here all ways begin with the same link.
func ask(ctx context.Context, clients []*transport.Client) ([]node, error) {
	ctx, cancel := context.WithTimeout(ctx, AskTime)
	defer cancel()
	fleet, errs := make([]node, len(clients)), make([]error, len(clients))
	var asking sync.WaitGroup
	for i, c := range clients {
		asking.Go(func() {
			n := node{client: c}
			if n.Description, errs[i] = describe(ctx, c); errs[i] == nil {
				n.Calibration, errs[i] = c.Calibrate(ctx)
			}
			fleet[i] = n
		})
	}
	asking.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i := range fleet {
		way, err := fleet[i].client.Probe(ctx)
		if err != nil {
			return nil, err
		}
		fleet[i].Way = way
	}
	return fleet, nil
}

// describe asks a node what it is. One that hangs, or whose machine was unplugged, is not waited for as one that measures is.
func describe(ctx context.Context, c *transport.Client) (transport.Description, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return c.Describe(ctx)
}

// suits says why the nodes can't work on the network that is planned for.
func suits(fleet []node, digest string, layers int) error {
	var errs []error
	names := map[string]string{}
	for _, n := range fleet {
		address := n.client.Address()
		if other := names[n.Name]; other != "" {
			errs = append(errs, fmt.Errorf("%s and %s are the same node: name it once", other, address))
		}
		names[n.Name] = address
		if n.Calibration.Digest != digest || len(n.Calibration.Layers) != layers {
			errs = append(errs, fmt.Errorf("%s has the model %s (%s), and the plan is for %s: start it with the same --model and --shape",
				address, n.Model, n.Calibration.Digest, digest))
		}
	}
	return errors.Join(errs...)
}

// devices are the nodes as the planner sees them.
func devices(fleet []node) (all []placement.Device) {
	for _, n := range fleet {
		all = append(all, Device(n.client.Address(), n.Calibration.Layers, n.Memory, n.Way))
	}
	return all
}
