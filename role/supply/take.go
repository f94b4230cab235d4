package supply

import (
	"errors"
	"fmt"
	"sync"

	"tandem/model"
	"tandem/pipeline"
	"tandem/transport"
)

// Taker takes in networks that its node lacks, one at a time.
type Taker struct {
	Cache    *Cache
	Settings model.Settings // of the node, but for the shapes, which are the network's
	// Needs says which layers the node needs of a network in a run.
	Needs func(net *model.Network, run pipeline.Run, layer int) (from, to int, err error)

	mu     sync.Mutex
	coming *Held          // what is being taken in; nil: nothing
	net    *model.Network // that, once its description is here
}

// Supply takes in what a neighbour brings, and says what it wants next.
func (t *Taker) Supply(s transport.Supplying) (transport.Supplied, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	supplied, err := t.supply(s)
	if err != nil {
		return transport.Supplied{}, fmt.Errorf("network %s, which %s brings: %w", s.Run.Model, s.From, err)
	}
	if len(supplied.Wanted) == 0 { // the run opens it anew
		t.forget()
	}
	return supplied, nil
}

func (t *Taker) supply(s transport.Supplying) (transport.Supplied, error) {
	if err := t.begin(s); err != nil {
		return transport.Supplied{}, err
	}
	for _, c := range s.Chunks {
		if err := t.coming.Put(c.Index, c.Data); err != nil {
			return transport.Supplied{}, err
		}
	}
	lacks, err := t.lacks(s)
	if err != nil {
		return transport.Supplied{}, err
	}
	supplied := transport.Supplied{Wanted: lacks[:min(len(lacks), transport.MaxChunks)]}
	for _, i := range lacks {
		supplied.Left += int64(t.coming.manifest.Length(i))
	}
	return supplied, nil
}

// begin makes the network that comes the one of the run.
func (t *Taker) begin(s transport.Supplying) error {
	if t.coming != nil && t.coming.manifest.Digest() == s.Run.Digest {
		return nil
	}
	t.forget()
	if len(s.Manifest) == 0 { // this node was started again meanwhile, or another neighbour brings another network
		held, err := t.Cache.Open(s.Run.Digest)
		t.coming = held
		return err
	}
	m, err := model.ParseManifest(s.Manifest)
	if err != nil {
		return fmt.Errorf("%w: %w", pipeline.ErrInvalidRun, err)
	}
	if got := m.Digest(); got != s.Run.Digest {
		return fmt.Errorf("%w: the manifest is that of %s, and the run's network is %s: use the same file on every node", pipeline.ErrInvalidRun, got, s.Run.Digest)
	}
	t.coming, err = t.Cache.Begin(m)
	return err
}

// lacks lists the chunks that are still needed: first those that it takes to open the network, and then the weights.
func (t *Taker) lacks(s transport.Supplying) ([]int, error) {
	if t.net == nil {
		if lacks := t.coming.Missing(s.Opening); len(lacks) > 0 {
			return lacks, nil
		}
		net, err := t.coming.Network(s.Run.Model, t.Settings)
		if m := missing(0); errors.As(err, &m) {
			return []int{int(m)}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", pipeline.ErrInvalidRun, err)
		}
		t.net = net
	}
	from, to, err := t.Needs(t.net, s.Run, s.Layer)
	if err != nil {
		return nil, err
	}
	return t.coming.Missing(t.net.Weights(from, to)), nil
}

// forget ends the taking in of a network. What has come stays in the cache.
func (t *Taker) forget() {
	if t.net != nil {
		_ = t.net.Close() // it has no files of its own
	}
	if t.coming != nil {
		_ = t.coming.Close() // nothing is buffered
	}
	t.net, t.coming = nil, nil
}

// Close ends it.
func (t *Taker) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	return nil
}

// Open opens a network that was taken in, for a run. The error is pipeline.ErrNoNetwork where some of what the run needs is not
// here. The caller closes the network, and then what it is held by.
func (t *Taker) Open(run pipeline.Run, layer int) (*model.Network, *Held, error) {
	held, err := t.Cache.Open(run.Digest)
	if err != nil {
		return nil, nil, err
	}
	net, err := t.open(held, run, layer)
	if err != nil {
		return nil, nil, errors.Join(err, held.Close())
	}
	return net, held, nil
}

func (t *Taker) open(held *Held, run pipeline.Run, layer int) (*model.Network, error) {
	net, err := held.Network(run.Model, t.Settings)
	if errors.Is(err, ErrMissing) {
		return nil, fmt.Errorf("%w %s: %w", pipeline.ErrNoNetwork, run.Model, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", pipeline.ErrInvalidRun, err)
	}
	from, to, err := t.Needs(net, run, layer)
	if lacks := held.Missing(net.Weights(from, to)); err == nil && len(lacks) > 0 {
		err = fmt.Errorf("%w %s: %d of its chunks are not here", pipeline.ErrNoNetwork, run.Model, len(lacks))
	}
	if err != nil {
		return nil, errors.Join(err, net.Close())
	}
	return net, nil
}
