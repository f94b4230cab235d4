package role

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/url"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/serve"
	"tandem/role/target"
	"tandem/transport"
	"tandem/transport/auth"
)

// playRequests plays a run whose frames are the rows of requests, until the context ends.
//
//	program ──request──▶ serve.Server ──▶ serve.Line ──▶ edge ──▶ fast
//	        ◀──answer───              ◀── serve.Subscriber ◀── a stream ── end
func playRequests(ctx context.Context, cfg setup) (pipeline.Report, error) {
	// Nobody is let in before there is an answer: who comes earlier is refused by the system, and no one waits in its queue.
	listener, err := listenFor(cfg.Serve)
	if err == nil {
		err = listener.Close()
	}
	if err != nil {
		return pipeline.Report{}, err
	}
	cfg.Frames, cfg.Interval = 0, 0
	p := newPlayer(cfg)
	defer p.cfg.uplink.Close()
	if err = p.open(ctx, anything); err == nil && len(p.run.Outputs) == 0 {
		err = fmt.Errorf("%v does not say what the network gives: use the same version of tandem on every node", p.edges[0].ID())
	}
	if err != nil {
		return p.close(err)
	}
	end := cmp.Or(cfg.End, serve.EndAddress(p.edges[0].Client.Address(), p.end))
	s := &service{player: p, subscriber: serve.NewSubscriber(newClient(p.cfg, end))}
	err = s.answer(ctx)
	p.interrupted = ctx.Err() != nil
	return p.close(err)
}

// listenFor listens where requests come.
func listenFor(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--serve %s: %w", address, err)
	}
	return l, nil
}

// anything fits the inputs of any network: what requests bring is looked at when they come.
func anything([]transport.Input) error { return nil }

// service is a client's run that answers requests.
type service struct {
	*player
	line       *serve.Line
	subscriber *serve.Subscriber
}

// answer answers requests until the context ends, or the run is over for all nodes that take frames.
func (s *service) answer(ctx context.Context) error {
	under := s.begin()
	c := serve.LineConfig{Run: s.run, Inputs: s.inputs, Book: book{s.player}, Buffer: s.buffer, Window: window, Timeout: s.cfg.Timeout}
	for _, e := range s.edges {
		c.Neighbours = append(c.Neighbours, e)
	}
	s.line = serve.StartLine(under, c)
	defer s.line.Close()
	listening, stop := context.WithCancel(under)
	var told sync.WaitGroup
	told.Go(func() { s.subscriber.Listen(listening, s.run.ID, s.line.Told) })
	defer told.Wait()
	defer stop()
	if err := s.subscriber.Await(ctx, max(s.cfg.Wait, target.DialTime)); err != nil {
		return err
	}
	listener, err := listenFor(s.cfg.Serve)
	if err != nil {
		return err
	}
	gate := s.cfg.front
	if gate == nil {
		gate = newFront(s.cfg)
	}
	server := serve.NewServer(serve.Config{
		Line: s.line, Version: s.cfg.Version, Ready: s.ready, Gate: gate, MaxBody: s.cfg.MaxBody, Errors: log.New(someOf(s.cfg.Log), "", 0),
	})
	failed := make(chan error, 1)
	var serving sync.WaitGroup
	serving.Go(func() { failed <- server.Serve(listener) })
	s.say(listener.Addr())
	err = s.last(ctx, failed)
	err = errors.Join(err, server.Stop())
	serving.Wait()
	return err
}

// say says where requests are answered.
func (s *service) say(at net.Addr) {
	where := monitor.PageAddress(at.String(), s.cfg.Files.Cert != "") + "v2/models/" + url.PathEscape(serve.ModelName(s.run.Model))
	if said := s.cfg.Log.Info(); said.Enabled() {
		said.Str("url", where).Msg("ready")
	} else { // a run without a role logs less
		fmt.Fprintf(s.cfg.Stderr, "requests are answered on %s\n", where)
	}
	if s.cfg.Files == (auth.Files{}) {
		warnIfOpen(s.cfg, at)
	}
}

// last returns when the context ends, the run is over, or requests can't be taken any more, and why.
func (s *service) last(ctx context.Context, failed <-chan error) error {
	tick := time.NewTicker(edge.Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-tick.C:
			if err := s.over(); err != nil {
				return err
			}
		}
	}
}

// ready says why a request could not be answered now.
func (s *service) ready() error {
	if missed := down(s.edges); len(missed) == len(s.edges) {
		return fmt.Errorf("%v does not answer", missed[0])
	}
	return s.subscriber.Err()
}

// book counts the frames of requests as the client's.
type book struct{ *player }

func (b book) Receive(id uint64) { b.receive(id) }

func (b book) Hand(to serve.Neighbour, life string, f pipeline.Frame) {
	b.ledger.Count(pipeline.Forwarded, 1)
	b.trail.Hand(to.ID(), life, f)
	b.shown.Add(1)
}

func (b book) Gone(o pipeline.Outcome, f pipeline.Frame, why error) {
	if b.gone(o, f); o == pipeline.Lost {
		b.reasons.Count(1, why)
	}
}
