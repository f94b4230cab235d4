package role

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/follow"
	"tandem/role/options"
	"tandem/role/resolve"
	"tandem/role/target"
	"tandem/transport"
)

// members are the next nodes that come and go, as DNS or discovery has them. While a run is open, an edge is opened to each
// that comes, and closed to one that leaves, which hands on what it has.
type members struct {
	cfg  setup
	sets []*follow.Set
	stop context.CancelFunc
	ends sync.WaitGroup

	mu    sync.Mutex
	known map[string]target.Target // by address
}

// newMembers begins to follow the names in --next, and who is discovered; nil: there is nothing to follow.
func newMembers(cfg setup, digest string) *members {
	m := &members{cfg: cfg, known: map[string]target.Target{}}
	for _, text := range cfg.Next {
		if resolve.Many(text) {
			m.sets = append(m.sets, &follow.Set{Name: "--next " + text, Log: cfg.Log, Look: func(ctx context.Context) ([]string, error) {
				return cfg.names.Members(ctx, text)
			}})
		}
	}
	if cfg.Role == options.Fast && len(cfg.Next) == 0 && cfg.found != nil {
		m.sets = append(m.sets, cfg.discovered(digest))
	}
	if len(m.sets) == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	for _, s := range m.sets {
		m.ends.Go(func() { s.Follow(ctx) })
	}
	return m
}

func (m *members) close() {
	if m != nil {
		m.stop()
		m.ends.Wait()
	}
}

// targets are those that are there now, and why there is none.
func (m *members) targets() (all []target.Target, err error) {
	var errs []error
	for _, s := range m.sets {
		nodes, err := s.Nodes()
		errs = append(errs, err)
		for _, address := range nodes {
			all = append(all, m.target(address))
		}
	}
	if len(all) == 0 {
		return nil, errors.Join(errs...)
	}
	return all, nil
}

func (m *members) target(address string) target.Target {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, there := m.known[address]
	if !there {
		t = target.Target{Client: newClient(m.cfg, address), Flag: "--next", Role: options.Slow, Own: m.cfg.Version}
		m.known[address] = t
	}
	return t
}

// open opens the run on those that are there, at the same time. One that can't be opened is tried again soon, so that one which can
// is enough.
func (m *members) open(ctx context.Context, p *stagePart, run pipeline.Run, below edge.Config) error {
	targets, err := m.targets()
	errs := []error{err}
	var mu sync.Mutex
	var opening sync.WaitGroup
	for _, t := range targets {
		opening.Go(func() {
			e, err := m.join(ctx, p, run, below, t.Client.Address())
			mu.Lock()
			defer mu.Unlock()
			if errs = append(errs, err); err == nil {
				p.members[t.Client.Address()] = e
			}
		})
	}
	opening.Wait()
	if len(p.members) > 0 {
		return nil
	}
	return errors.Join(errs...)
}

// follow keeps the edges of a part in a run; p.unfollow ends that. The context ends with the run.
func (m *members) follow(ctx context.Context, p *stagePart, run pipeline.Run, below edge.Config) {
	log := someOf(m.cfg.Log.With().Str("run", run.ID).Logger())
	k := follow.Keeper[*edge.Edge]{Sets: m.sets, Open: p.members}
	k.Join = func(ctx context.Context, address string) (*edge.Edge, error) {
		e, err := m.join(ctx, p, run, below, address)
		switch {
		case errors.Is(err, errTwin):
			return nil, err
		case err != nil:
			log.Warn().Err(err).Msg("a next node can't be used yet")
			return nil, err
		}
		p.stage.Join(e)
		log.Info().Stringer("neighbour", e.ID()).Msg("a next node has joined")
		return e, nil
	}
	k.Leave = func(e *edge.Edge) {
		log.Info().Stringer("neighbour", e.ID()).Msg("a next node leaves: what it has is handed on")
		p.stage.Leave(e, func() {
			e.Depart(ctx, edge.Ending{Reason: transport.Interrupted, Least: 4 * m.cfg.Drain})
			p.ways.Forget(e)
		})
	}
	following, stop := context.WithCancel(ctx)
	var ends sync.WaitGroup
	ends.Go(func() { k.Run(following) })
	p.unfollow = func() { stop(); ends.Wait() }
}

// errTwin is a node that is there already, by another of its addresses.
var errTwin = errors.New("it is there by another address")

// join opens the run on one more node.
func (m *members) join(ctx context.Context, p *stagePart, run pipeline.Run, below edge.Config, address string) (*edge.Edge, error) {
	run, below = p.present(run, below)
	below.Target, below.Again = m.target(address), below.Again || p.ways.Knew(address)
	d, err := below.Ask(ctx, below.From)
	if err != nil {
		return nil, err
	}
	if !p.ways.Reserve(d.Name) {
		return nil, fmt.Errorf("%v: %w", below.ID(), errTwin)
	}
	defer p.ways.Release(d.Name)
	e, _, err := edge.Open(ctx, below, run)
	if err == nil && p.end != nil && e.End() != p.end.End() {
		e.Depart(ctx, edge.Ending{Reason: transport.Interrupted})
		err = p.otherEnd(run, e)
	}
	if err != nil {
		return nil, err
	}
	p.ways.Add(e)
	if p.stage != nil {
		p.recut.Join(e)
	}
	return e, nil
}
