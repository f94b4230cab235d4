// Package inspect shows where a network can be cut, and what each cut and each layer costs on this device.
package inspect

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"tandem/model"
	"tandem/role/report"
)

// Options say what is looked at, and how it is shown.
type Options struct {
	Model     string         // path of an ONNX file; empty: the default network
	Settings  model.Settings // what the file leaves open
	Seed      uint64         // of the default network
	Calibrate bool           // measure the time of each cut and each layer
	Threads   int            // that share a large layer
	Format    report.Format
	Output    string // file; empty: Stdout
	Stdout    io.Writer
}

// inspection is the JSON that Inspect prints.
type inspection struct {
	Model   string     `json:"model"`
	Digest  string     `json:"digest"`
	Input   activation `json:"input"`
	Output  activation `json:"output"`
	Work    int64      `json:"multiply_adds"`
	Weights int64      `json:"weight_bytes"`
	Cuts    []cutPlace `json:"cuts"`

	Calibration *model.Calibration `json:"calibration,omitempty"`
}

type activation struct {
	Tensor string `json:"tensor"`
	Shape  []int  `json:"shape"`
	Bytes  int    `json:"bytes"` // on the wire
}

// cutPlace is one place where exactly one activation is alive.
type cutPlace struct {
	Index int `json:"index"`
	activation
	WorkBefore    int64    `json:"multiply_adds_before"`
	WorkAfter     int64    `json:"multiply_adds_after"`
	WeightsBefore int64    `json:"weight_bytes_before"`
	WeightsAfter  int64    `json:"weight_bytes_after"`
	Before        *float64 `json:"ms_before,omitempty"`
	After         *float64 `json:"ms_after,omitempty"`
	Best          bool     `json:"best"`
}

// Run prints where a network can be cut. The best cut for two equal devices is that with the least time on the busier one,
// or the least work where no times are measured.
func Run(o Options) (err error) {
	net, err := model.OpenOrDefault(o.Model, o.Settings, o.Seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	found, err := inspect(net, o.Calibrate, o.Threads)
	if err != nil {
		return err
	}
	out, err := report.Create(o.Output, o.Stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	text := bufio.NewWriter(out)
	if o.Format == report.JSON {
		encoder := json.NewEncoder(text)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(found)
	} else {
		printInspection(text, found)
		if found.Calibration != nil {
			fmt.Fprintln(text)
			printCalibration(text, *found.Calibration)
		}
	}
	return errors.Join(err, text.Flush())
}

func inspect(net *model.Network, calibrate bool, threads int) (found inspection, err error) {
	last := net.Len()
	describe := func(i int) activation {
		return activation{net.Tensor(i), net.Shapes(i)[0], 4 * net.Size(i)}
	}
	found = inspection{
		Model: net.Name(), Digest: net.Digest(), Input: describe(0), Output: describe(last),
		Work: net.Work(0, last), Weights: net.Bytes(0, last), Cuts: []cutPlace{},
	}
	var before, after []time.Duration
	if calibrate {
		if before, after, err = model.Measure(net, threads); err != nil {
			return found, err
		}
		found.Calibration = new(model.Calibration)
		if *found.Calibration, err = model.Calibrate(net, 0, last, threads); err != nil {
			return found, err
		}
	}
	best := net.DefaultCut()
	for cut := 1; cut < last; cut++ {
		p := cutPlace{
			Index: cut, activation: describe(cut),
			WorkBefore: net.Work(0, cut), WorkAfter: net.Work(cut, last),
			WeightsBefore: net.Bytes(0, cut), WeightsAfter: net.Bytes(cut, last),
		}
		if calibrate {
			p.Before, p.After = new(milliseconds(before[cut-1])), new(milliseconds(after[cut-1]))
			if max(before[cut-1], after[cut-1]) < max(before[best-1], after[best-1]) {
				best = cut
			}
		}
		found.Cuts = append(found.Cuts, p)
	}
	if best > 0 {
		found.Cuts[best-1].Best = true
	}
	return found, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Round(time.Microsecond)) / 1e6 }

func printInspection(to io.Writer, f inspection) {
	fmt.Fprintf(to, "%s: %s %v to %s %v, %s multiply-adds a frame, %s of weights\n",
		f.Model, f.Input.Tensor, f.Input.Shape, f.Output.Tensor, f.Output.Shape, millions(f.Work), humanize.IBytes(uint64(f.Weights)))
	if len(f.Cuts) == 0 {
		fmt.Fprintln(to, "It has one layer, and can't be cut.")
		return
	}
	fmt.Fprintf(to, "It can be cut at %d places; before / after each:\n\n", len(f.Cuts))
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	ms, basis := "", "multiply-adds are split most evenly; --calibrate measures the time"
	if f.Calibration != nil {
		ms, basis = "ms\t", "busier of two devices like this one has least to do"
	}
	fmt.Fprintf(w, "cut\tactivation\ton the wire\tmultiply-adds\tweights\t%s\t  tensor\n", ms)
	for _, c := range f.Cuts {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s / %s\t%s / %s\t", c.Index, strings.Trim(fmt.Sprint(c.Shape), "[]"), humanize.IBytes(uint64(c.Bytes)),
			millions(c.WorkBefore), millions(c.WorkAfter), humanize.IBytes(uint64(c.WeightsBefore)), humanize.IBytes(uint64(c.WeightsAfter)))
		if c.Before != nil {
			fmt.Fprintf(w, "%.2f / %.2f\t", *c.Before, *c.After)
		}
		if c.Best {
			fmt.Fprint(w, "best")
		}
		fmt.Fprintf(w, "\t  %s\n", c.Tensor)
	}
	w.Flush()
	fmt.Fprintf(to, "\nbest: where the %s\n", basis)
}

// millions writes a number of multiply-adds.
func millions(n int64) string { return fmt.Sprintf("%.2f M", float64(n)/1e6) }
