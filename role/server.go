package role

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"

	"tandem/pipeline"
	"tandem/transport"
	"tandem/transport/auth"
	"tandem/transport/link"
)

// server is a node that listens.
type server struct {
	node    *node
	history *history // end only
	metrics *metrics
	ready   readiness
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
func runNode(ctx context.Context, cfg Config) error {
	out, err := openOutput(cfg)
	if err != nil {
		return err
	}
	s, err := startNode(ctx, cfg, out.print)
	if err != nil && ctx.Err() != nil {
		cfg.Log.Info().Msg("stopped before it was ready")
		return out.close()
	}
	if err != nil {
		return errors.Join(err, out.close())
	}
	select {
	case <-ctx.Done():
	case <-s.deaf:
	}
	cfg.Log.Info().Msg("stopping: what is on this node is worked off; a second signal stops at once")
	return errors.Join(s.stop(), out.close())
}

// startNode builds a node and serves it. publish takes the reports that an end node makes. fast and slow answer before
// they have loaded their model and found the nodes below: who opens a run waits for that, and knows that they don't hang.
func startNode(ctx context.Context, cfg Config, publish func(pipeline.Report) error) (*server, error) {
	listener, err := net.Listen("tcp", cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--listen %s: the port is in use: stop the other program, or choose another port", cfg.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", cfg.Listen, err)
	}
	cfg.equip()
	s := &server{address: listener.Addr().String(), uplink: cfg.uplink}
	s.node = &node{
		role: cfg.Role, version: cfg.Version, log: cfg.Log, idle: cfg.Idle, drain: cfg.Drain,
		id: pipeline.NodeID{Role: string(cfg.Role), Address: s.address}, built: make(chan struct{}),
	}
	s.metrics = newMetrics(s.node)
	if cfg.Role == End {
		if err := s.buildEnd(cfg, publish); err != nil {
			return nil, errors.Join(err, listener.Close(), s.clean())
		}
	} else {
		s.node.queue = cfg.Queue
	}
	s.gate = newGate(cfg)
	s.metrics.registry.MustRegister(refusals{s.gate})
	s.http = transport.NewServer(s.node, s.pages(), cfg.MaxBody, s.gate, log.New(cfg.Log, "", 0))
	s.http.ErrorLog = log.New(someOf(cfg.Log), "", 0) // any stranger can make entries
	s.deaf = make(chan struct{})
	s.serving.Go(func() {
		if err := s.http.Serve(s.gate.Listen(cfg.traffic().Listen(s.uplink.Listen(listener)))); !errors.Is(err, http.ErrServerClosed) {
			s.failed = err
			close(s.deaf)
		}
	})
	if cfg.Role != End {
		if err := s.buildWorker(ctx, cfg); err != nil {
			return nil, errors.Join(err, s.http.Close(), s.stop())
		}
	}
	close(s.node.built)
	warnOfStrangers(cfg, listener.Addr())
	if cfg.Watch && Terminal(cfg.Stderr) {
		s.cleanup = append(s.cleanup, startWatch(cfg.Stderr, s.node.look).close)
	}
	cfg.Log.Info().Str("address", s.address).Stringer("emulate", cfg.Emulate).Str("energy", cfg.device.Source()).Msg("ready")
	return s, nil
}

func (s *server) buildEnd(cfg Config, publish func(pipeline.Report) error) error {
	e := &recordings{cfg: cfg, arrived: observe(s.metrics.age)}
	var err error
	if cfg.Labels != "" {
		if e.labels, err = readLabels(cfg.Labels); err != nil {
			return err
		}
	}
	if cfg.Results != "" {
		if e.results, err = createResults(cfg.Results, cfg.Classes); err != nil {
			return err
		}
		s.cleanup = append(s.cleanup, e.results.close)
	}
	s.node.begin = e.begin
	s.history = startHistory(s.node.look, func(err error) { cfg.Log.Error().Err(err).Msg("not shown to viewers") })
	e.publish = func(r pipeline.Report) error {
		s.history.add(r)
		return publish(r)
	}
	return nil
}

func (s *server) buildWorker(ctx context.Context, cfg Config) error {
	net, err := cfg.network()
	if err != nil {
		return err
	}
	w, err := newWorker(cfg, net)
	if err != nil {
		return errors.Join(err, net.Close())
	}
	s.cleanup, w.metrics = append(s.cleanup, w.close), s.metrics
	if cfg.Trace != "" {
		if w.trace, err = createTrace(cfg.Trace); err != nil {
			return err
		}
		s.cleanup = append(s.cleanup, w.trace.close)
	}
	if err := w.await(ctx); err != nil {
		return err
	}
	s.node.begin, s.ready.ask = w.begin, w.answer
	return nil
}

// stop drains the node, then stops listening.
func (s *server) stop() error {
	s.node.stop()
	if s.history != nil {
		s.history.close()
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

func (s *server) clean() error {
	var errs []error
	for _, f := range s.cleanup {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}
