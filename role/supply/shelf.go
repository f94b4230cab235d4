package supply

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/agree"
	"tandem/role/options"
	"tandem/transport"
)

// Shelf is the networks that a node has: its own, and the one that a neighbour has given it for a run. Nil is that of a node
// that needs none.
type Shelf struct {
	taker *Taker // nil: the user has named a network, and no other is taken

	mu   sync.Mutex
	own  *model.Network // nil: it is still being opened
	now  *model.Network // of the last run
	held *Held          // where that is; nil: it is the own
}

// NewShelf makes a shelf without a network. A slow node that is told of none takes the one of the run.
func NewShelf(o options.Options) *Shelf {
	if o.Role != options.Slow || o.Model != "" {
		return &Shelf{}
	}
	below := 0 // nodes that it hands over to
	if o.End != "" {
		below = len(o.Next)
	}
	return &Shelf{taker: &Taker{
		Cache: CacheOf(o), Settings: o.Settings,
		Needs: func(net *model.Network, run pipeline.Run, layer int) (from, to int, err error) {
			return agree.Node{Options: o, Net: net, Below: below}.Needs(run, layer)
		},
	}}
}

// Stock puts the node's own network there.
func (s *Shelf) Stock(own *model.Network) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own, s.now = own, own
}

// Now is the network of the last run, or the node's own; nil: it has none yet.
func (s *Shelf) Now() *model.Network {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// For gives the network of a run that is opened. What the run before has used must not be used any more. The error is
// pipeline.ErrNoNetwork where a neighbour has to bring it first. A network that fits nothing is for the caller to refuse.
func (s *Shelf) For(run pipeline.Run, layer int) (*model.Network, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.taker == nil || run.Digest == "" || run.Digest == s.own.Digest():
		return s.own, s.replace(s.own, nil)
	case run.Digest == s.now.Digest() && s.holds(run, layer):
		return s.now, nil
	}
	net, held, err := s.taker.Open(run, layer)
	if err != nil {
		return nil, fmt.Errorf("%w: open the run on a node above that has the file, or give this one --model", err)
	}
	return net, s.replace(net, held)
}

// holds reports whether what is needed of the network at hand is here.
func (s *Shelf) holds(run pipeline.Run, layer int) bool {
	from, to, err := s.taker.Needs(s.now, run, layer)
	return err == nil && len(s.held.Missing(s.now.Weights(from, to))) == 0
}

// replace closes the network at hand, if it is not the own, and puts another in its place.
func (s *Shelf) replace(net *model.Network, held *Held) error {
	var err error
	if s.held != nil {
		err = errors.Join(s.now.Close(), s.held.Close())
	}
	s.now, s.held = net, held
	return err
}

// Supply takes in what a neighbour brings.
func (s *Shelf) Supply(_ context.Context, brought transport.Supplying) (transport.Supplied, error) {
	if s == nil || s.taker == nil {
		return transport.Supplied{}, fmt.Errorf("%w %s: this node takes no network: it needs none, or has its own --model", pipeline.ErrInvalidRun, brought.Run.ID)
	}
	return s.taker.Supply(brought)
}

// Fetch gives chunks of the network at hand; without any, its manifest.
func (s *Shelf) Fetch(_ context.Context, digest string, chunks []int) (f transport.Fetched, err error) {
	net := s.Now()
	if net == nil || net.Digest() != digest {
		return f, fmt.Errorf("%w %s: this node has another one, or none", pipeline.ErrNoNetwork, digest)
	}
	m, has := net.Manifest()
	if !has {
		return f, fmt.Errorf("%w: it is made from a seed: start every node with the same --seed", pipeline.ErrInvalidRun)
	}
	if len(chunks) == 0 {
		f.Manifest, f.Opening = m.Bytes(), net.Opening()
	}
	for _, i := range chunks {
		data, err := net.Chunk(i)
		if errors.Is(err, model.ErrRange) {
			return f, fmt.Errorf("%w: %w", pipeline.ErrInvalidRun, err)
		}
		if err != nil {
			return f, err
		}
		f.Chunks = append(f.Chunks, transport.Chunk{Index: i, Data: data})
	}
	return f, nil
}

// Give brings a neighbour what it lacks of the network at hand.
func (s *Shelf) Give(ctx context.Context, to Receiver, run pipeline.Run, from string, layer int, log zerolog.Logger) error {
	return Give(ctx, to, s.Now(), run, from, layer, log)
}

// Close closes the networks.
func (s *Shelf) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own == nil {
		return nil
	}
	err := s.replace(s.own, nil)
	if s.taker != nil {
		err = errors.Join(err, s.taker.Close())
	}
	return errors.Join(err, s.own.Close())
}
