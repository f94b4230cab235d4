package plot

import (
	"math"
	"strconv"

	"github.com/go-analyze/charts/chartdraw"
)

// axis is a range of numbers, to scale, with a tick at each round one. It begins and ends at a tick. The ticks of
// chartdraw stand in equal steps of any width.
type axis struct {
	name     string // with the unit
	from, to float64
	ticks    []chartdraw.Tick
}

// newAxis covers what is between two values, in about so many steps. It begins at 0 where that is near.
func newAxis(name string, from, to float64, steps int, whole bool) axis {
	if from > 0 && from < 0.4*to {
		from = 0
	}
	if least := 0.05 * to; to-from < least { // what is nearly alike shall look so
		from = max(0, (from+to-least)/2)
		to = from + least
	}
	if to <= from {
		to = from + 1
	}
	step := roundStep((to - from) / float64(steps))
	if whole {
		step = max(step, 1)
	}
	first, last := math.Floor(from/step+1e-9), math.Ceil(to/step-1e-9)
	a := axis{name: name, from: first * step, to: last * step}
	for i := first; i <= last; i++ {
		a.ticks = append(a.ticks, chartdraw.Tick{Value: i * step, Label: number(i*step, step)})
	}
	return a
}

// roundStep is the next number up of 1, 2, 5, 10, 20 and so on.
func roundStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= least*(1-1e-9) {
			return n * power
		}
	}
	return 10 * power
}

// number writes a multiple of a step.
func number(v, step float64) string {
	if v != 0 && (math.Abs(v) >= 1e7 || step < 1e-6) {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'f', max(0, int(math.Ceil(-math.Log10(step)-1e-9))), 64)
}

func (a axis) scale(pixels int) chartdraw.Range {
	return &chartdraw.ContinuousRange{Min: a.from, Max: a.to, Domain: pixels}
}
