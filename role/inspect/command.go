package inspect

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"tandem/model"
	"tandem/role/report"
)

// Command is tandem inspect.
func Command(stdout io.Writer) *cli.Command {
	o := Options{Format: report.Table, Stdout: stdout}
	return &cli.Command{
		Name: "inspect", Usage: "show where a network can be cut, and what each cut costs",
		UsageText: "tandem inspect [net.onnx] [flags]   (without a file: the default model)",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "calibrate", Destination: &o.Calibrate, Usage: "measure the time before and behind each cut, and that of each layer, on this device"},
			&cli.BoolFlag{Name: "all", Destination: &o.All, Usage: "show every cut and every layer, not the best cuts and the longest layers alone"},
			&cli.BoolFlag{Name: "operators", Usage: "list the ONNX operators that are computed, and look at no network"},
			&cli.StringSliceFlag{Name: "shape", Usage: "sizes of an input that the file leaves open, as in input=1x3x640x640; once for each input"},
			&cli.IntFlag{Name: "threads", Destination: &o.Threads, Usage: "threads that share a large layer, where that is faster", Value: runtime.NumCPU(), DefaultText: "the number of cores"},
			&cli.StringFlag{Name: "format", Destination: (*string)(&o.Format), Usage: "table or json", Value: string(o.Format)},
			&cli.StringFlag{Name: "output", Destination: &o.Output, Usage: "file for the result, overwritten (default: stdout)"},
			&cli.Uint64Flag{Name: "seed", Destination: &o.Seed, Usage: "seed of the default model", Value: 1},
		},
		Action: func(c *cli.Context) error {
			if c.Bool("operators") {
				_, err := fmt.Fprintln(stdout, strings.Join(model.Operators(), "\n"))
				return err
			}
			o.Model = c.Args().First()
			var wrong string
			for _, text := range c.StringSlice("shape") {
				shape, err := model.ParseShape(text)
				if err != nil {
					wrong = fmt.Sprintf("--shape %q: %v", text, err)
				}
				o.Settings.Shapes = append(o.Settings.Shapes, shape)
			}
			switch {
			case wrong != "":
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
