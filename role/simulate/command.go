package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"tandem/pipeline"
	"tandem/role/command"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/strategy"
)

// Settings are the names of those that a simulation takes.
var Settings = []string{
	"strategy", "tasks", "load", "resident", "slow-nodes", "model", "shape", "cut", "batch", "seed", "frames", "interval", "arrivals",
	"queue", "buffer", "high-water", "drop", "max-age", "emulate", "fault", "link", "wire", "power",
	"format", "no-header", "last-seen", "output", "trace",
}

// Command is tandem simulate.
func Command(version string, stdout, stderr io.Writer) *cli.Command {
	given := options.Given{}
	c, t := comparison{}, Together{}
	return &cli.Command{
		Name: "simulate", Usage: "play runs in virtual time, by the same strategies",
		UsageText: "tandem simulate [flags of a run without --role]\ntandem simulate --like report.json --strategy balance   the fleet of a run that was played",
		Flags: append(command.Of(given, Settings...),
			&cli.IntFlag{Name: "pipelines", Destination: &t.Pipelines, Value: 1, Usage: PipelinesUsage},
			&cli.BoolFlag{Name: "shared-link", Destination: &t.Shared, Usage: SharedUsage},
			&cli.StringFlag{Name: "like", Destination: &c.like, Usage: "file with the report of a run that was played, by --format json, or its --trace: the simulation takes its cut, frames, beat, devices and links as they were measured, and flags change them"},
			&cli.StringFlag{Name: "compare", Destination: &c.with, Usage: "file with the report of a run that was played: the simulated one is printed beside it, with the differences"},
		),
		Action: func(ctx *cli.Context) error {
			if err := command.NoArguments(ctx); err != nil {
				return err
			}
			fleet, err := c.read(given)
			if err != nil {
				return command.Wrong(err)
			}
			o, err := given.Simulated(os.Environ())
			if err == nil {
				err = errors.Join(Check(o), t.Check(o))
			}
			if err != nil {
				return command.Wrong(err)
			}
			o.Version, o.Stdout, o.Stderr, o.Report.Stdout = version, stdout, stderr, stdout
			return run(ctx.Context, o, fleet, c, t)
		},
	}
}

// Check refuses what a simulation can't do.
func Check(o options.Options) error {
	switch {
	case o.Frames == 0:
		return errors.New("--frames 0 never ends: give the number of frames to simulate")
	case o.Interval == 0:
		return errors.New("--interval 0 means as fast as frames are taken, which a simulation does not know: give a time between frames")
	}
	return nil
}

// run simulates one strategy, or each in turn, and prints the reports.
func run(ctx context.Context, o options.Options, fleet *Fleet, c comparison, t Together) (err error) {
	out, err := report.Open(o.Report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	site, err := Open(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	if err := site.Like(fleet); err != nil {
		return command.Wrong(err)
	}
	if text := fleet.Unknown(); text != "" {
		fmt.Fprintf(o.Stderr, "--like: %s: play a run that switches, such as one of balance that is offered more\n", text)
	}
	names := []string{o.Strategy}
	if o.Strategy == "" {
		names = nil
		for _, e := range strategy.All() {
			names = append(names, e.Name)
		}
	}
	if o.Trace != "" {
		trace, err := report.CreateTrace(o.Trace)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, trace.Close()) }()
		site.Traced = trace.Of
	}
	var all [][]pipeline.Report
	var reports []pipeline.Report // people compare them side by side
	for _, name := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		these, err := site.PlayTogether(o, name, t)
		if err != nil {
			return err
		}
		for _, r := range these {
			if alone := len(names) == 1 && t.Pipelines == 1; alone || o.Report.Format != report.Table {
				err = errors.Join(err, out.Print(r))
			}
		}
		if err != nil {
			return err
		}
		all, reports = append(all, these), append(reports, these...)
	}
	if t.Pipelines > 1 && o.Report.Format == report.Table {
		return summary(o.Report.Stdout, all)
	}
	if len(names) > 1 && o.Report.Format == report.Table {
		if err := out.Compare(reports); err != nil {
			return err
		}
	}
	if c.with == "" {
		return nil
	}
	_, err = fmt.Fprint(o.Stderr, compare(c.played, reports[len(reports)-1]))
	return err
}
