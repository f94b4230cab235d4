package plot

import (
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// Command is tandem plot.
func Command(stdin io.Reader) *cli.Command {
	p := Picture{Stdin: stdin}
	return &cli.Command{
		Name: "plot", Usage: "draw coverage and rate of several runs, or one run over time",
		UsageText: "tandem plot runs.jsonl... --output sweep.svg   reports of --format json; -: stdin\ntandem plot --trace trace.jsonl --output run.svg",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "file for the picture, .svg or .png, overwritten", Destination: &p.Output},
			&cli.StringFlag{Name: "by", Usage: "what is on the horizontal axis: " + strings.Join(parameterNames(), ", ") + " (default: that of the longest line)", Destination: &p.By},
			&cli.StringFlag{Name: "and", Usage: "a second parameter, upwards: a cell for each pair of values, the darker the better", Destination: &p.And},
			&cli.StringFlag{Name: "pareto", Usage: "draw coverage against age or energy, and a line through the runs that no other beats in both", Destination: &p.Pareto},
			&cli.StringFlag{Name: "trace", Usage: "file with the decisions of runs; the last of them is drawn over time", Destination: &p.Trace},
			&cli.StringFlag{Name: "run", Usage: "id of another run in the trace", Destination: &p.Run},
			&cli.StringFlag{Name: "title", Usage: "above the picture (default: what it shows)", Destination: &p.Title},
		},
		Action: func(c *cli.Context) error {
			p.Reports = c.Args().Slice()
			if err := p.Validate(); err != nil {
				return cli.Exit(err, 2)
			}
			return Draw(p)
		},
	}
}
