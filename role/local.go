package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tandem/pipeline"
	"tandem/role/inject"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/strategy"
)

// runLocal plays all four roles in this process, over TCP on the loopback interface, and runs one strategy or each in
// turn.
func runLocal(ctx context.Context, cfg setup) (err error) {
	out, err := cfg.printer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()

	cfg.credentials = nil                           // they are for what comes from elsewhere
	cfg.Buffer = cfg.buffer() / (cfg.SlowNodes + 2) // client, fast and slow share the machine
	nodes, err := startLocal(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nodes.stop()) }()
	if cfg.Report.Format == report.Table || options.Terminal(cfg.Stderr) { // for people, and not for scripts
		fmt.Fprintf(cfg.Stderr, "watch it on http://%s/\n", nodes.end.address)
	}

	var reports []pipeline.Report // people compare them side by side
	for _, e := range strategy.All() {
		if ctx.Err() != nil || err != nil {
			break
		}
		if cfg.Strategy != "" && cfg.Strategy != e.Name {
			continue
		}
		r, failed := nodes.run(ctx, cfg, e.Name)
		switch {
		case (cfg.Strategy != "" || cfg.Report.Format != report.Table) && r.Frames > 0:
			failed = errors.Join(failed, out.Print(r))
		case r.Frames > 0:
			reports = append(reports, r)
		}
		err = failed
	}
	return errors.Join(err, out.Compare(reports))
}

// localNodes are fast, one or more slow nodes, and end in this process.
type localNodes struct {
	fast, end *server
	slow      []*server
	networks  []*inject.Network // of the slow nodes
	killed    sync.WaitGroup    // what is left of them ends
}

// startLocal starts them from the end of the pipeline to its beginning, each on a port of its own.
func startLocal(ctx context.Context, cfg setup) (nodes *localNodes, err error) {
	nodes = &localNodes{slow: make([]*server, cfg.SlowNodes), networks: make([]*inject.Network, cfg.SlowNodes)}
	defer func() {
		if err != nil {
			err = errors.Join(err, nodes.stop())
		}
	}()
	if nodes.end, err = nodes.start(ctx, cfg, options.End, 0); err != nil {
		return nodes, err
	}
	for i := range nodes.slow {
		if nodes.slow[i], err = nodes.start(ctx, cfg, options.Slow, i, nodes.end); err != nil {
			return nodes, err
		}
	}
	nodes.fast, err = nodes.start(ctx, cfg, options.Fast, 0, nodes.slow...)
	return nodes, err
}

func (l *localNodes) start(ctx context.Context, cfg setup, r options.Role, place int, next ...*server) (*server, error) {
	cfg.Role, cfg.Next, cfg.Input.Labels = r, nil, "" // the frames bring their labels
	if cfg.AutoCut() {
		cfg.Cuts = nil
	}
	cfg.Log = cfg.Log.With().Str("role", string(r)).Logger()
	for _, n := range next {
		cfg.Next = append(cfg.Next, n.address)
	}
	switch r {
	case options.Fast:
		cfg.End = l.end.address
	case options.Slow:
		cfg.Trace, cfg.place = "", place
		if all := cfg.EmulateSlow; len(all) > 0 {
			cfg.Emulate = all[place%len(all)]
		}
		if len(cfg.Faults) > 0 {
			l.networks[place] = inject.NewNetwork()
			cfg.network = l.networks[place]
		}
	}
	cfg.device = openDevice(cfg, true)
	return startNode(ctx, cfg, func(pipeline.Report) error { return nil }) // the client has the same report
}

// kill ends a slow node at once, and returns what starts it again.
func (l *localNodes) kill(cfg setup, i int) (start func() error) {
	l.networks[i].Cut()
	l.killed.Go(l.slow[i].abandon)
	return func() (err error) {
		cfg.Listen = l.slow[i].address
		l.slow[i], err = l.start(context.Background(), cfg, options.Slow, i, l.end)
		return err
	}
}

func (l *localNodes) stop() error {
	var errs []error
	for _, s := range slices.Concat([]*server{l.fast}, l.slow, []*server{l.end}) { // from the beginning of the pipeline
		if s != nil {
			errs = append(errs, s.stop())
		}
	}
	l.killed.Wait()
	return errors.Join(errs...)
}

func (l *localNodes) run(ctx context.Context, cfg setup, name string) (pipeline.Report, error) {
	e, _ := strategy.Lookup(name)
	injecting, over := context.WithCancel(ctx)
	all, wait := cfg, func() error { return nil }
	cfg.begun = func() {
		wait = inject.Start(injecting, all.Faults, func(node int) func() error { return l.kill(all, node) })
	}
	cfg.Role, cfg.Strategy, cfg.Next = options.Client, e.Name, []string{l.fast.address}
	if !cfg.AutoCut() { // fast has them
		cfg.Cuts = nil
	}
	cfg.device = openDevice(cfg, true)
	for i := 0; e.Whole && i < len(l.slow); i++ {
		cfg.Next = append(cfg.Next, l.slow[i].address)
	}
	r, err := play(ctx, cfg)
	over()
	return r, errors.Join(err, wait())
}
