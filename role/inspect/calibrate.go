package inspect

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"tandem/model"
	"tandem/role/report"
)

// printCalibration prints what each layer costs on this device, alone and in batches.
func printCalibration(to io.Writer, c model.Calibration, all bool) {
	fmt.Fprintf(to, "%s, layers %d to %d: %s of weights, loaded in %.0f ms\nmemory is read at %.1f GB/s with %d threads\n\n",
		c.Model, c.From, c.To-1, humanize.IBytes(uint64(c.Bytes)), c.LoadMS, c.BandwidthGBS, c.Threads)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "layer\t\tframes\tmedian µs\tp99 µs\tGFLOP/s\tGB/s\tthreads\t")
	var one, best float64 // µs a frame, of all layers
	for _, l := range c.Layers {
		last := l.Batches[len(l.Batches)-1]
		one, best = one+l.Batches[0].MedianUS, best+last.MedianUS/float64(last.Frames)
	}
	for _, l := range longest(c.Layers, all) {
		layer, name := fmt.Sprint(l.Layer), report.Shorten(l.Name, 20)
		for _, b := range l.Batches {
			fmt.Fprintf(w, "%s\t%-20s\t%d\t%.0f\t%.0f\t%.1f\t%.1f\t%d\t\n", layer, name, b.Frames, b.MedianUS, b.P99US, b.GFLOPS, b.GBS, b.Threads)
			layer, name = "", "" // they are said once
		}
	}
	w.Flush()
	if len(c.Layers) > shown && !all {
		fmt.Fprintf(to, "\nThese are the %d of %d layers that take the most time; --all shows all.\n", shown, len(c.Layers))
	}
	fmt.Fprintf(to, "\ntogether %.0f µs a frame (%.0f f/s), in the largest batch %.0f µs (%.0f f/s)\n", one, 1e6/one, best, 1e6/best)
}

// printStored prints what weights take in each format, and what that costs.
func printStored(to io.Writer, all []model.Stored) {
	fmt.Fprint(to, "\n--weights   memory  largest error of an output, of the largest\n")
	for _, s := range all {
		fmt.Fprintf(to, "%-9s %8s  %.2f %%\n", s.Format, humanize.IBytes(uint64(s.Bytes)), s.Error)
	}
}

// longest is the layers that take the most time, in their order.
func longest(layers []model.Cost, all bool) []model.Cost {
	if all || len(layers) <= shown {
		return layers
	}
	most := slices.SortedFunc(slices.Values(layers), func(a, b model.Cost) int {
		return cmp.Compare(b.Batches[0].MedianUS, a.Batches[0].MedianUS)
	})[:shown]
	slices.SortFunc(most, func(a, b model.Cost) int { return a.Layer - b.Layer })
	return most
}
