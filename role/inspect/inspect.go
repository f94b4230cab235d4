// Package inspect shows where a network can be cut, and what each cut and each layer costs on this device.
package inspect

import (
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
	Model     string // path of an ONNX file; empty: the default network
	Seed      uint64 // of the default network
	Calibrate bool   // measure the time of each cut and each layer
	Threads   int    // that share a large layer
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
	net, err := model.OpenOrDefault(o.Model, o.Seed)
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
	if o.Format == report.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(found)
	}
	if err := printInspection(out, found); err != nil || found.Calibration == nil {
		return err
	}
	fmt.Fprintln(out) // printCalibration returns its error
	return printCalibration(out, *found.Calibration)
}

func inspect(net *model.Network, calibrate bool, threads int) (inspection, error) {
	last := net.Len()
	describe := func(i int) activation { return activation{net.Tensor(i), net.Shape(i), 4 * volume(net.Shape(i))} }
	found := inspection{
		Model: net.Name(), Digest: net.Digest(), Input: describe(0), Output: describe(last),
		Work: net.Work(0, last), Weights: net.Bytes(0, last), Cuts: []cutPlace{},
	}
	var before, after []time.Duration
	if calibrate {
		var err error
		if before, after, err = model.Measure(net, threads); err != nil {
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
			b, a := milliseconds(before[cut-1]), milliseconds(after[cut-1])
			p.Before, p.After = &b, &a
			if max(before[cut-1], after[cut-1]) < max(before[best-1], after[best-1]) {
				best = cut
			}
		}
		found.Cuts = append(found.Cuts, p)
	}
	if best > 0 {
		found.Cuts[best-1].Best = true
	}
	if !calibrate {
		return found, nil
	}
	c, err := model.Calibrate(net, 0, last, threads)
	found.Calibration = &c
	return found, err
}

// volume is the number of elements of a tensor.
func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func milliseconds(d time.Duration) float64 { return float64(d.Round(time.Microsecond)) / 1e6 }

func printInspection(to io.Writer, f inspection) error {
	fmt.Fprintf(to, "%s: %s %v to %s %v, %s multiply-adds a frame, %s of weights\n",
		f.Model, f.Input.Tensor, f.Input.Shape, f.Output.Tensor, f.Output.Shape, millions(f.Work), humanize.IBytes(uint64(f.Weights)))
	if len(f.Cuts) == 0 {
		_, err := fmt.Fprintln(to, "It has one layer, and can't be cut.")
		return err
	}
	fmt.Fprintf(to, "It can be cut at %d places; before / after each:\n\n", len(f.Cuts))
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "cut\tactivation\ton the wire\tmultiply-adds\tweights\t"
	if f.Cuts[0].Before != nil {
		head += "ms\t"
	}
	fmt.Fprintln(w, head+"\t  tensor")
	for _, c := range f.Cuts {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s / %s\t%s / %s\t", c.Index, strings.Trim(fmt.Sprint(c.Shape), "[]"), humanize.IBytes(uint64(c.Bytes)),
			millions(c.WorkBefore), millions(c.WorkAfter), humanize.IBytes(uint64(c.WeightsBefore)), humanize.IBytes(uint64(c.WeightsAfter)))
		if c.Before != nil {
			fmt.Fprintf(w, "%.2f / %.2f\t", *c.Before, *c.After)
		}
		mark := ""
		if c.Best {
			mark = "best"
		}
		fmt.Fprintf(w, "%s\t  %s\n", mark, c.Tensor)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	basis := "multiply-adds are split most evenly; --calibrate measures the time"
	if f.Cuts[0].Before != nil {
		basis = "busier of two devices like this one has least to do"
	}
	_, err := fmt.Fprintf(to, "\nbest: where the %s\n", basis)
	return err
}

// millions writes a number of multiply-adds.
func millions(n int64) string { return fmt.Sprintf("%.2f M", float64(n)/1e6) }
