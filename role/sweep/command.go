package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"tandem/role/command"
	"tandem/role/options"
	"tandem/role/simulate"
)

// Play plays one run for real, and prints its report.
type Play func(context.Context, options.Options) error

// Command is tandem sweep.
func Command(version string, stdout, stderr io.Writer, play Play) *cli.Command {
	given := options.Given{}
	s := sweep{stdout: stdout, stderr: stderr, version: version, play: play}
	return &cli.Command{
		Name: "sweep", Usage: "play a grid of runs, and show medians with intervals",
		UsageText: "tandem sweep --simulate --strategy alternate,balance --tasks 1..60 --interval 20ms..60ms/2ms --seeds 10 --output grid.jsonl",
		Flags: append(command.Of(given, simulate.Settings...),
			&cli.BoolFlag{Name: "simulate", Destination: &s.simulate, Usage: "play the runs in virtual time, on all cores; otherwise for real, one after the other"},
			&cli.StringFlag{Name: "pipelines", Destination: &s.pipelines, Value: "1", Usage: simulate.PipelinesUsage + "; with --simulate"},
			&cli.BoolFlag{Name: "shared-link", Destination: &s.shared, Usage: simulate.SharedUsage + "; with --simulate"},
			&cli.IntFlag{Name: "seeds", Destination: &s.seeds, Value: 1, Usage: "runs of each point, with seeds from --seed on"},
		),
		Action: func(c *cli.Context) error {
			if err := command.NoArguments(c); err != nil {
				return err
			}
			var err error
			if s.seeds < 1 || s.seeds > most {
				return command.Wrong(fmt.Errorf("--seeds is %d: use a whole number from 1 to %d", s.seeds, most))
			}
			if given.Last("format") != "" || given.Last("no-header") != "" || given.Last("trace") != "" {
				return command.Wrong(errors.New("--format, --no-header and --trace mean nothing for a sweep: its reports are JSON lines"))
			}
			if !s.simulate && (s.pipelines != "1" || s.shared) {
				return command.Wrong(errors.New("--pipelines and --shared-link are for simulated runs: give --simulate too"))
			}
			if s.grid, err = newGrid(given, s.pipelines, s.shared, s.seeds); err != nil {
				return command.Wrong(err)
			}
			for _, p := range s.grid.points { // before the first is played
				if _, err := s.options(p); err != nil {
					return command.Wrong(fmt.Errorf("%s: %w", p.name, err))
				}
			}
			return s.run(c.Context)
		},
	}
}

// options are those of one point.
func (s *sweep) options(p point) (options.Options, error) {
	read := p.given.Options
	if s.simulate {
		read = p.given.Simulated
	}
	o, err := read(os.Environ())
	o.Version, o.Stdout, o.Stderr = s.version, io.Discard, io.Discard
	if err == nil && s.simulate {
		err = errors.Join(simulate.Check(o), p.together.Check(o))
	}
	return o, err
}
