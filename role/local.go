package role

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem/pipeline"
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

	if cfg.Strategy != "" {
		r, err := nodes.run(ctx, cfg, cfg.Strategy)
		if r.Frames > 0 {
			err = errors.Join(err, out.Print(r))
		}
		return err
	}
	var reports []pipeline.Report // people compare them side by side
	for _, e := range strategy.All() {
		if ctx.Err() != nil {
			break
		}
		r, failed := nodes.run(ctx, cfg, e.Name)
		switch {
		case cfg.Report.Format != report.Table && r.Frames > 0:
			failed = errors.Join(failed, out.Print(r))
		case r.Frames > 0:
			reports = append(reports, r)
		}
		if err = failed; err != nil {
			break
		}
	}
	return errors.Join(err, out.Compare(reports))
}

// Play plays one run of one strategy in this process, and returns its report.
func Play(ctx context.Context, o options.Options) (r pipeline.Report, err error) {
	if err := o.Validate(); err != nil {
		return r, err
	}
	cfg := setup{Options: o}
	cfg.Buffer = cfg.buffer() / (cfg.SlowNodes + 2)
	nodes, err := startLocal(ctx, cfg)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, nodes.stop()) }()
	return nodes.run(ctx, cfg, cfg.Strategy)
}

// localNodes are fast, one or more slow nodes, and end in this process.
type localNodes struct {
	fast, end *server
	slow      []*server
}

// startLocal starts them from the end of the pipeline to its beginning, each on a port of its own.
func startLocal(ctx context.Context, cfg setup) (nodes *localNodes, err error) {
	nodes = &localNodes{}
	defer func() {
		if err != nil {
			err = errors.Join(err, nodes.stop())
		}
	}()
	start := func(r options.Role, end *server, next ...*server) (*server, error) {
		c := cfg
		c.Role, c.Next, c.Input.Labels = r, nil, "" // the frames bring their labels
		c.Log = cfg.Log.With().Str("role", string(r)).Logger()
		for _, n := range next {
			c.Next = append(c.Next, n.address)
		}
		if end != nil {
			c.End = end.address
		}
		if r == options.Slow {
			c.Trace, c.place = "", len(nodes.slow)
			if all := cfg.EmulateSlow; len(all) > 0 {
				c.Emulate = all[len(nodes.slow)%len(all)]
			}
		}
		c.device = openDevice(c, true)
		return startNode(ctx, c, func(pipeline.Report) error { return nil }) // the client has the same report
	}
	if nodes.end, err = start(options.End, nil); err != nil {
		return nodes, err
	}
	for range cfg.SlowNodes {
		slow, err := start(options.Slow, nil, nodes.end)
		if err != nil {
			return nodes, err
		}
		nodes.slow = append(nodes.slow, slow)
	}
	nodes.fast, err = start(options.Fast, nodes.end, nodes.slow...)
	return nodes, err
}

func (l *localNodes) stop() error {
	var errs []error
	for _, s := range slices.Concat([]*server{l.fast}, l.slow, []*server{l.end}) { // from the beginning of the pipeline
		if s != nil {
			errs = append(errs, s.stop())
		}
	}
	return errors.Join(errs...)
}

func (l *localNodes) run(ctx context.Context, cfg setup, name string) (pipeline.Report, error) {
	entry, err := strategy.Lookup(name)
	if err != nil {
		return pipeline.Report{}, fmt.Errorf("--strategy: %w", err)
	}
	cfg.Role, cfg.Strategy, cfg.Next = options.Client, entry.Name, []string{l.fast.address}
	cfg.device = openDevice(cfg, true)
	if entry.Whole {
		for _, s := range l.slow {
			cfg.Next = append(cfg.Next, s.address)
		}
	}
	return play(ctx, cfg)
}
