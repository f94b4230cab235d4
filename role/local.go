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
	joined    inject.Joined
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
		if inject.Joining(cfg.Faults, i+1) {
			continue
		}
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
		if n != nil {
			cfg.Next = append(cfg.Next, n.address)
		}
	}
	switch r {
	case options.Fast:
		cfg.End = l.end.address
		if len(cfg.Next) < len(next) { // the others are found when they are there
			cfg.Next, cfg.names, cfg.Wait = append(cfg.Next, inject.Name), &l.joined, 0
		}
	case options.Slow:
		cfg.Trace, cfg.place = "", place
		if all := cfg.EmulateSlow; len(all) > 0 {
			cfg.Emulate = all[place%len(all)]
		}
		if len(cfg.Faults) > 0 {
			l.networks[place] = inject.NewNetwork(cfg.network)
			cfg.network = l.networks[place]
		}
	}
	cfg.device = openDevice(cfg, true)
	return startNode(ctx, cfg, func(pipeline.Report) error { return nil }) // the client has the same report
}

// happen makes a fault happen, and returns what starts the node again.
func (l *localNodes) happen(cfg setup, f inject.Fault) (start func() error, err error) {
	i := f.Node - 1
	start = func() (err error) {
		l.slow[i], err = l.start(context.Background(), cfg, options.Slow, i, l.end)
		return err
	}
	if f.What == inject.Join {
		if err = start(); err == nil {
			l.joined.Add(l.slow[i].address)
		}
		return nil, err
	}
	cfg.Listen = l.slow[i].address // where it is found again
	if f.What == inject.Leave {
		return start, l.slow[i].stop()
	}
	l.networks[i].Cut()
	l.killed.Go(l.slow[i].abandon)
	return start, nil
}

// dismiss ends the nodes that have joined a run: the next one begins without them.
func (l *localNodes) dismiss(faults []inject.Fault) error {
	var errs []error
	for i, s := range l.slow {
		if s != nil && inject.Joining(faults, i+1) {
			l.joined.Remove(s.address)
			errs = append(errs, s.stop())
			l.slow[i] = nil
		}
	}
	return errors.Join(errs...)
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
		wait = inject.Start(injecting, all.Faults, func(f inject.Fault) (func() error, error) { return l.happen(all, f) })
	}
	cfg.Role, cfg.Strategy, cfg.Next = options.Client, e.Name, []string{l.fast.address}
	if !cfg.AutoCut() { // fast has them
		cfg.Cuts = nil
	}
	cfg.device = openDevice(cfg, true)
	for i := 0; e.Whole && i < len(l.slow); i++ {
		if l.slow[i] != nil {
			cfg.Next = append(cfg.Next, l.slow[i].address)
		}
	}
	r, err := play(ctx, cfg)
	over()
	return r, errors.Join(err, wait(), l.dismiss(all.Faults))
}
