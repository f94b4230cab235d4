package inspect

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// The table has 80 columns, whatever the names in a network.

const columns = 80

// shown is how many cuts, or layers, are printed where not all are wanted.
const shown = 20

func printInspection(to io.Writer, f inspection, all bool) {
	fmt.Fprintf(to, "%s: %s multiply-adds a frame, %s of weights\n", f.Model, millions(f.Work), humanize.IBytes(uint64(f.Weights)))
	printTensors(to, "in", f.Inputs)
	printTensors(to, "out", f.Outputs)
	if len(f.Cuts) == 0 {
		fmt.Fprintln(to, "It has one layer, and can't be cut.")
		return
	}
	cuts := f.ranked
	fmt.Fprintf(to, "It can be cut at %d places", len(f.Cuts))
	if len(cuts) > shown && !all {
		cuts = cuts[:shown]
		fmt.Fprintf(to, "; the best %d are (--all shows all)", shown)
	}
	unit, basis := "%", "reckoned, or as --calibrate has\nmeasured it on this device"
	if f.Calibration != nil {
		unit, basis = "ms", "measured on this device"
	}
	fmt.Fprintf(to, ":\n\n%5s %5s %9s  %16s  %19s  %s\n", "cut", "alive", "on wire", "time before/after", "weights", "tensor")
	for _, cut := range slices.Sorted(slices.Values(cuts)) {
		c := f.Cuts[cut-1]
		mark, time := " ", fmt.Sprintf("%.1f / %.1f %s", 100*c.Share, 100*(1-c.Share), unit)
		if c.Best {
			mark = "*"
		}
		if c.Before != nil {
			time = fmt.Sprintf("%.2f / %.2f %s", *c.Before, *c.After, unit)
		}
		weights := fmt.Sprintf("%s / %s", humanize.IBytes(uint64(c.WeightsBefore)), humanize.IBytes(uint64(c.WeightsAfter)))
		row := fmt.Sprintf("%s%4d %5d %9s  %17s  %19s  ", mark, c.Index, len(c.Alive), humanize.IBytes(uint64(c.Bytes)), time, weights)
		fmt.Fprintf(to, "%s%s\n", row, ending(c.Tensor, max(8, columns-len(row))))
	}
	fmt.Fprintf(to, "\n* is best: the busier of two equal devices has least to do, and of nearly equal\ncuts it hands over the fewest bytes. Time is %s.\n", basis)
}

// printTensors prints inputs or outputs, those of a usual network on one line.
func printTensors(to io.Writer, about string, tensors []tensor) {
	for i, t := range tensors {
		if i == shown {
			fmt.Fprintf(to, "  %-3s  and %d more\n", about, len(tensors)-shown)
			return
		}
		kind := ""
		if t.Type != "float32" {
			kind = " of " + t.Type
		}
		switch {
		case about != "out":
		case t.Probability:
			kind += ", probabilities"
		case t.Type == "float32":
			kind += ", logits"
		}
		fmt.Fprintf(to, "  %-3s  %s %v%s\n", about, ending(t.Name, 40), t.Shape, kind)
		if t.Picture != "" {
			fmt.Fprintf(to, "       as a picture: %s\n", t.Picture)
		}
	}
}

// millions writes a number of multiply-adds.
func millions(n int64) string { return fmt.Sprintf("%.2f M", float64(n)/1e6) }

// ending keeps the end of a name, which is what tells it from others, within so many columns. What PyTorch ends every
// name with tells nothing, and goes first.
func ending(s string, most int) string {
	s = strings.ToValidUTF8(s, "?")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	mark := ""
	if cut, is := strings.CutSuffix(s, "_output_0"); is {
		s, mark = cut, "…"
	}
	if r, room := []rune(s), most-len([]rune(mark)); len(r) > room {
		s = "…" + string(r[len(r)-room+1:])
	}
	return s + mark
}
