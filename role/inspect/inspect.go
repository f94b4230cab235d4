// Package inspect shows where a network can be cut, and what each cut and each layer costs on this device.
package inspect

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/input"
	"tandem/role/report"
)

// Options say what is looked at, and how it is shown.
type Options struct {
	Model     string         // path of an ONNX file; empty: the default network
	Settings  model.Settings // what the file leaves open
	Seed      uint64         // of the default network
	Calibrate bool           // measure the time of each layer
	Threads   int            // that share a large layer
	All       bool           // show every cut in the table, not the best alone
	Format    report.Format
	Output    string // file; empty: Stdout
	Stdout    io.Writer
}

// inspection is the JSON that Inspect prints.
type inspection struct {
	Model   string     `json:"model"`
	Digest  string     `json:"digest"`
	Inputs  []tensor   `json:"inputs"`
	Outputs []tensor   `json:"outputs"`
	Work    int64      `json:"multiply_adds"`
	Weights int64      `json:"weight_bytes"`
	Cuts    []cutPlace `json:"cuts"`

	Calibration *model.Calibration `json:"calibration,omitempty"`
	Stored      []model.Stored     `json:"weights_stored,omitempty"`

	ranked []int // the cuts, the best first
}

type tensor struct {
	Name  string `json:"tensor"`
	Shape []int  `json:"shape"`
	Type  string `json:"type"`
	Bytes int    `json:"bytes"` // on the wire, as float32
	// Picture is what an input takes a picture for; empty: it can't be one.
	Picture string `json:"picture,omitempty"`
	// Probability says of an output that its numbers are probabilities, and no logits.
	Probability bool `json:"probability,omitempty"`
}

// cutPlace is a boundary between two layers.
type cutPlace struct {
	Index         int      `json:"index"`
	Tensor        string   `json:"tensor"` // by which the cut can be named: the layer before has made it
	Alive         []tensor `json:"alive"`
	Bytes         int      `json:"bytes"` // of all that are alive, on the wire
	WorkBefore    int64    `json:"multiply_adds_before"`
	WorkAfter     int64    `json:"multiply_adds_after"`
	WeightsBefore int64    `json:"weight_bytes_before"`
	WeightsAfter  int64    `json:"weight_bytes_after"`
	Share         float64  `json:"share_before"` // of the network's time, measured or reckoned
	Before        *float64 `json:"ms_before,omitempty"`
	After         *float64 `json:"ms_after,omitempty"`
	Best          bool     `json:"best"`
}

// Run prints where a network can be cut. The best cut for two equal devices is that with the least time on the busier one,
// by what was measured, or else by what is reckoned; of those that are nearly as good it has the fewest bytes.
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
		printInspection(text, found, o.All)
		if found.Calibration != nil {
			fmt.Fprintln(text)
			printCalibration(text, *found.Calibration, o.All)
			printStored(text, found.Stored)
		}
	}
	return errors.Join(err, text.Flush())
}

func inspect(net *model.Network, calibrate bool, threads int) (found inspection, err error) {
	last := net.Len()
	found = inspection{
		Model: net.Name(), Digest: net.Digest(), Inputs: entering(net, 0), Outputs: entering(net, last),
		Work: net.Work(0, last), Weights: net.Bytes(0, last), Cuts: []cutPlace{},
	}
	for i := range found.Inputs {
		found.Inputs[i].Picture = input.TakenFor(found.Inputs[i].Shape)
	}
	times := net.Costs(threads)
	if calibrate {
		measured, err := model.Measure(net, threads, 0)
		if err != nil {
			return found, err
		}
		for i, t := range measured {
			times[i] = float64(t)
		}
		found.Calibration = new(model.Calibration)
		if *found.Calibration, err = model.Calibrate(net, 0, last, threads); err != nil {
			return found, err
		}
	}
	if calibrate {
		if found.Stored, err = net.Stored(); err != nil {
			return found, err
		}
	}
	total, before := 0.0, 0.0
	for _, t := range times {
		total += t
	}
	for cut := 1; cut < last; cut++ {
		before += times[cut-1]
		p := cutPlace{
			Index: cut, Tensor: net.Tensor(cut), Alive: entering(net, cut), Bytes: 4 * net.Size(cut),
			WorkBefore: net.Work(0, cut), WorkAfter: net.Work(cut, last),
			WeightsBefore: net.Bytes(0, cut), WeightsAfter: net.Bytes(cut, last), Share: before / max(total, 1),
		}
		if calibrate {
			p.Before, p.After = new(milliseconds(before)), new(milliseconds(total-before))
		}
		found.Cuts = append(found.Cuts, p)
	}
	if found.ranked = net.Cuts(times); len(found.ranked) > 0 {
		found.Cuts[found.ranked[0]-1].Best = true
	}
	return found, nil
}

// entering is the tensors that enter a layer.
func entering(net *model.Network, layer int) (tensors []tensor) {
	for _, t := range net.Entering(layer) {
		tensors = append(tensors, tensor{Name: t.Name, Shape: t.Shape, Type: t.Type, Bytes: 4 * pipeline.Volume(t.Shape), Probability: t.Probability})
	}
	return tensors
}

func milliseconds(nanoseconds float64) float64 {
	return float64(time.Duration(nanoseconds).Round(time.Microsecond)) / 1e6
}
