package inspect

import (
	"fmt"
	"io"
	"runtime"

	"github.com/urfave/cli/v2"

	"tandem/role/report"
)

// Command is tandem inspect.
func Command(stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "show where a network can be cut, and what each cut costs",
		UsageText: "tandem inspect [net.onnx] [flags]   (without a file: the default model)",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "calibrate", Usage: "measure the time before and behind each cut, and that of each layer, on this device"},
			&cli.IntFlag{Name: "threads", Usage: "threads that share a large layer, where that is faster", Value: runtime.NumCPU(), DefaultText: "the number of cores"},
			&cli.StringFlag{Name: "format", Usage: "table or json", Value: string(report.Table)},
			&cli.StringFlag{Name: "output", Usage: "file for the result, overwritten (default: stdout)"},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the default model", Value: 1},
		},
		Action: func(c *cli.Context) error {
			o := Options{
				Model: c.Args().First(), Seed: c.Uint64("seed"), Calibrate: c.Bool("calibrate"), Threads: c.Int("threads"),
				Format: report.Format(c.String("format")), Output: c.String("output"), Stdout: stdout,
			}
			var wrong string
			switch {
			case c.NArg() > 1:
				wrong = fmt.Sprintf("inspect takes one file: %q is too much", c.Args().Get(1))
			case o.Format != report.Table && o.Format != report.JSON:
				wrong = fmt.Sprintf("--format %q: use table or json", o.Format)
			case o.Threads < 1 || o.Threads > 256:
				wrong = fmt.Sprintf("--threads %d: use a whole number from 1 to 256", o.Threads)
			default:
				return Run(o)
			}
			return cli.Exit(wrong, 2)
		},
	}
}
