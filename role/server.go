package role

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/boot"
	"tandem/role/discover"
	"tandem/role/edge"
	"tandem/role/input"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/plan"
	"tandem/role/report"
	"tandem/role/supply"
	"tandem/transport"
	"tandem/transport/auth"
	"tandem/transport/link"
)

// server is a node that listens.
type server struct {
	node    *node
	monitor *monitor.Monitor
	below   monitor.Readiness
	gate    *auth.Gate
	http    *http.Server
	address string
	uplink  *link.Uplink
	serving sync.WaitGroup
	failed  error         // of serving; read it after serving.Wait
	deaf    chan struct{} // closed when serving has failed
	cleanup []func() error
}

// runNode starts fast, slow or end, and stops it when the context ends.
func runNode(ctx context.Context, cfg setup) error {
	out, err := cfg.printer()
	if err != nil {
		return err
	}
	s, err := startNode(ctx, cfg, out.Print)
	if err != nil && ctx.Err() != nil {
		cfg.Log.Info().Msg("stopped before it was ready")
		return out.Close()
	}
	if err != nil {
		return errors.Join(err, out.Close())
	}
	select {
	case <-ctx.Done():
	case <-s.deaf:
	}
	cfg.service.Status("stopping")
	cfg.Log.Info().Msg("stopping: what is on this node is worked off; a second signal stops at once")
	return errors.Join(s.stop(), out.Close())
}

// startNode builds a node and serves it. publish takes the reports that an end node makes. fast and slow answer before
// they have loaded their model and found the nodes below: who opens a run waits for that, and knows that they don't hang.
func startNode(ctx context.Context, cfg setup, publish func(pipeline.Report) error) (*server, error) {
	listener, err := boot.Listen(ctx, cfg.Listen, cfg.Wait, cfg.Log, cfg.listen)
	if err != nil {
		return nil, err
	}
	cfg.equip()
	s := &server{address: listener.Addr().String(), uplink: cfg.uplink, gate: newGate(cfg), deaf: make(chan struct{})}
	s.node = &node{
		role: cfg.Role, name: edge.NewName(cfg.Role), version: cfg.Version, log: cfg.Log, some: someOf(cfg.Log), idle: cfg.Idle, drain: cfg.Drain,
		id: pipeline.NodeID{Role: string(cfg.Role), Address: s.address}, built: make(chan struct{}),
		release: time.AfterFunc(releaseAfter, debug.FreeOSMemory),
	}
	s.node.Calibrator = &plan.Calibrator{Built: s.node.built, Busy: s.node.inRun, Threads: cfg.Threads, Queue: cfg.Queue, Emulate: cfg.Emulate, Name: s.node.name, ID: s.node.called}
	shown := monitor.Options{
		Role: string(cfg.Role), Version: cfg.Version, Queue: cfg.Queue,
		Snapshot: s.node.snapshot, Totals: s.node.totals, Ready: s.ready, Refused: refused(s.gate),
		Log: func(err error) { cfg.Log.Error().Err(err).Msg("not shown to viewers") },
	}
	if cfg.Role == options.End {
		s.node.answers = answer.NewFan()
		shown.Results = s.node.answers
	}
	s.monitor = monitor.New(shown)
	if cfg.Role == options.End {
		if err := s.buildEnd(cfg, publish); err != nil {
			s.monitor.Close()
			return nil, errors.Join(err, listener.Close(), s.clean())
		}
		cfg.announce(listener.Addr(), discover.Node{})
		s.cleanup = append(s.cleanup, cfg.found.Close)
	} else {
		s.node.queue = cfg.Queue
		s.node.Shelf = supply.NewShelf(cfg.Options)
	}
	s.http = transport.NewServer(s.node, s.monitor.Handler(), cfg.MaxBody, s.gate, log.New(cfg.Log, "", 0))
	s.http.ErrorLog = log.New(someOf(cfg.Log), "", 0) // anybody who can reach the port can make entries
	s.serving.Go(func() {
		if err := s.http.Serve(s.gate.Listen(cfg.traffic().Listen(s.uplink.Listen(listener)))); !errors.Is(err, http.ErrServerClosed) {
			s.failed = err
			close(s.deaf)
		}
	})
	cfg.service.Ready(func(ctx context.Context) error { _, err := s.node.Describe(ctx); return err })
	cfg.service.Status("waiting for the nodes below")
	if cfg.Role != options.End {
		if err := s.buildWorker(ctx, cfg, listener.Addr()); err != nil {
			return nil, errors.Join(err, s.http.Close(), s.stop())
		}
	}
	close(s.node.built)
	warnIfOpen(cfg, listener.Addr())
	if cfg.Watch && options.Terminal(cfg.Stderr) {
		stop := monitor.Watch(cfg.Stderr, s.node.snapshot)
		s.cleanup = append(s.cleanup, func() error { stop(); return nil })
	}
	s.sayReady(cfg)
	cfg.service.Status("ready")
	return s, nil
}

// sayReady logs where this node is, and on end where the page is.
func (s *server) sayReady(cfg setup) {
	said := cfg.Log.Info().Str("address", s.address)
	if cfg.Role == options.End {
		said.Str("page", monitor.PageAddress(s.address, cfg.Files.Cert != ""))
	} else {
		said.Stringer("emulate", cfg.Emulate)
	}
	if by := cfg.device.Source(); by != "" {
		said.Str("energy", by)
	}
	said.Msg("ready")
}

func (s *server) buildEnd(cfg setup, publish func(pipeline.Report) error) error {
	e := &recordings{cfg: cfg, name: s.node.name, arrived: s.monitor.Metrics.Age, answers: s.node.answers}
	var err error
	if cfg.Input.Labels != "" {
		if e.labels, err = input.ReadLabels(cfg.Input.Labels); err != nil {
			return err
		}
	}
	e.answers.Full = cfg.Answers == answer.Full
	if e.reading, err = answer.NewReading(cfg.Classes, cfg.Softmax); err != nil {
		return err
	}
	wanted := answer.Wanted{Results: cfg.Results, Publish: cfg.Publish, Full: e.answers.Full, Name: e.name, Log: someOf(cfg.Log)}
	if e.sinks, err = answer.Open(wanted, e.answers); err != nil {
		return err
	}
	s.cleanup = append(s.cleanup, e.sinks.Close)
	s.node.begin = e.begin
	e.publish = func(r pipeline.Report) error {
		s.monitor.History.Add(r)
		return publish(r)
	}
	return nil
}

func (s *server) buildWorker(ctx context.Context, cfg setup, at net.Addr) error {
	network, err := supply.Open(ctx, cfg.Options)
	if err != nil {
		return err
	}
	s.node.Stock(network)
	cfg.announce(at, discover.Node{Model: network.Name(), Digest: network.Digest(), Layers: network.Len()})
	w, err := newWorker(cfg, s.node.name, s.node.Shelf)
	if err != nil {
		return errors.Join(err, s.node.Shelf.Close(), cfg.found.Close())
	}
	s.cleanup, w.metrics = append(s.cleanup, w.close, cfg.found.Close), s.monitor.Metrics
	if cfg.Trace != "" {
		if w.trace, err = report.CreateTrace(cfg.Trace); err != nil {
			return err
		}
		s.cleanup = append(s.cleanup, w.trace.Close)
	}
	w.exec.Tune(ctx) // while there are no frames
	if err := w.meet(ctx, &s.below); err != nil {
		return err
	}
	s.node.begin = w.begin
	s.node.Net, s.node.Cut, s.node.Below = s.node.Now, w.cuts, w.ahead
	return nil
}

// stop drains the node, then stops listening.
func (s *server) stop() error {
	s.node.stop()
	s.monitor.Close()
	if s.node.answers != nil {
		s.node.answers.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // somebody holds a connection open
		err = s.http.Close()
	}
	s.serving.Wait()
	s.uplink.Close()
	return errors.Join(err, s.failed, s.clean())
}

// abandon ends what is left of a node that was killed: nobody hears of it.
func (s *server) abandon() {
	s.node.mu.Lock()
	if r := s.node.run; r != nil {
		if p, is := r.part.(*stagePart); is {
			p.abort()
		}
	}
	s.node.mu.Unlock()
	_ = s.stop()
}

func (s *server) clean() error {
	var errs []error
	for _, f := range s.cleanup {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}
