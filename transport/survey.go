package transport

import (
	"context"
	"fmt"
	"time"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// Survey is a pipeline as one plans for it: the network, and what its layers take on each node.
type Survey struct {
	Digest  string  // of the network
	Sizes   []int   // values of a frame at each boundary; 0: no cut there
	Weights []int64 // bytes of each layer
	Sites   []Site  // stage after stage
}

// Site is a node in its place.
type Site struct {
	pipeline.NodeID
	Name     string // of the process
	Stage    int    // 0 is the node that was asked
	Layers   []time.Duration
	Measured bool  // otherwise these are in some unit
	Memory   int64 // bytes that it has for weights; 0: it is not known
	Queue    int   // places
	Way            // to it, from the node above
}

// Survey asks the node what it and all nodes below it are. It waits for what has to be measured.
func (c *Client) Survey(ctx context.Context) (Survey, error) {
	m, err := c.node.Survey(ctx, &wire.SurveyRequest{})
	if err := c.checked(m, err); err != nil {
		return Survey{}, err
	}
	s := Survey{Digest: m.GetDigest(), Weights: m.GetWeights()}
	for _, size := range m.GetSizes() {
		s.Sizes = append(s.Sizes, int(size))
	}
	for _, w := range m.GetSites() {
		site := Site{
			NodeID: pipeline.NodeID{Role: w.GetNode().GetRole(), Address: w.GetNode().GetAddress()},
			Name:   w.GetName(), Stage: int(w.GetStage()), Measured: w.GetMeasured(), Memory: w.GetMemory(), Queue: int(w.GetQueue()),
			Way: Way{RoundTrip: time.Duration(w.GetRoundTripNs()), There: w.GetThere(), Back: w.GetBack()},
		}
		for _, ns := range w.GetLayers() {
			site.Layers = append(site.Layers, time.Duration(ns))
		}
		s.Sites = append(s.Sites, site)
	}
	return s, s.valid(c.address)
}

// valid says what does not belong together.
func (s Survey) valid(by string) error {
	layers := len(s.Weights)
	if layers == 0 || len(s.Sizes) != layers+1 || len(s.Sites) == 0 {
		return fmt.Errorf("%s answered with a survey of %d layers, %d boundaries and %d nodes", by, layers, len(s.Sizes), len(s.Sites))
	}
	for _, site := range s.Sites {
		if len(site.Layers) != layers {
			return fmt.Errorf("%s answered with a survey of %d layers, and %v has %d", by, layers, site.NodeID, len(site.Layers))
		}
	}
	return nil
}

func (h handler) Survey(ctx context.Context, _ *wire.SurveyRequest) (*wire.SurveyResponse, error) {
	s, err := h.node.Survey(ctx)
	if err != nil {
		return nil, err
	}
	m := &wire.SurveyResponse{Digest: s.Digest, Weights: s.Weights}
	for _, size := range s.Sizes {
		m.Sizes = append(m.Sizes, int64(size))
	}
	for _, site := range s.Sites {
		w := &wire.Site{
			Node: &wire.NodeName{Role: site.Role, Address: site.Address}, Name: site.Name, Stage: int32(site.Stage), Measured: site.Measured,
			Memory: site.Memory, Queue: int32(site.Queue), RoundTripNs: int64(site.RoundTrip), There: site.There, Back: site.Back,
		}
		for _, layer := range site.Layers {
			w.Layers = append(w.Layers, layer.Nanoseconds())
		}
		m.Sites = append(m.Sites, w)
	}
	return m, nil
}
