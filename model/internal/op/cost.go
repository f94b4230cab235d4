package op

import "strings"

// Cost is about how many nanoseconds an operation takes for one frame, from so
// many numbers to so many: the rates are those of one thread with AVX-512 at 2.5
// GHz, measured in whole networks. A device is faster or slower by a factor that
// is much the same for all of them, so that the share of a network's time that
// lies before a cut can be told without running it.
func Cost(o Operation, in, out int) float64 {
	const each = 300 // to begin an operation
	read, write := float64(in), float64(out)
	work, bytes := float64(o.Work()), float64(o.Bytes())
	switch o := o.(type) {
	case *convOp:
		return each + o.cost(read, write)
	case *Dense: // one row is as fast as its weights come from memory, or from the caches
		rate := 30.0
		if bytes > 2<<20 {
			rate = 11
		}
		if o.rows == 1 {
			return each + bytes/rate
		}
		return each + work/20 + bytes/rate
	case *poolOp: // each plane is prepared
		return each + 500*write/float64(o.oh*o.ow) + 0.5*read + 1.5*write
	}
	best, per := "", pace{write: 2}
	for name, p := range paces {
		if strings.HasPrefix(o.String(), name) && len(name) > len(best) {
			best, per = name, p
		}
	}
	if best == "" && work > 0 {
		per = pace{work: 0.5}
	}
	return each + work*per.work + read*per.read + write*per.write
}

// cost of a convolution: the products, and moving what enters and what comes out.
func (c *convOp) cost(read, write float64) float64 {
	work := float64(c.Work())
	switch {
	case c.in == c.groups && c.in > 1: // a plane is prepared, and each tap passes over it
		cost := 450*float64(c.in) + 0.6*(read+write)
		if c.stride != [2]int{1, 1} {
			cost *= 1.6
		}
		return cost
	case c.elements() == 1:
		return work/42 + 0.45*(read+write)
	}
	columns := float64(c.in) * float64(c.elements()) * write / float64(c.out) // numbers that are laid out for the product
	if c.stride != [2]int{1, 1} {
		columns *= 2.5
	}
	filled := 1 + 8*float64(c.groups)/float64(c.out) // rows of a product are computed several at a time
	return work/45*filled + columns + 500*float64(c.in)
}

// pace is nanoseconds for a multiply-add, a number that is read, and one that is
// written.
type pace struct{ work, read, write float64 }

// paces are those of the other operations, by how their descriptions begin.
var paces = map[string]pace{
	"absolute":        {write: 2},
	"add":             {read: 0.35, write: 0.35},
	"clip":            {write: 1},
	"concat":          {write: 0.01}, // what it joins is mostly made in its place
	"divide":          {read: 0.9, write: 0.9},
	"hard sigmoid":    {write: 0.3},
	"layer norm":      {write: 60},
	"leaky relu":      {write: 0.3},
	"log softmax":     {write: 37},
	"lstm":            {work: 1.4},
	"gru":             {work: 1.4},
	"mean":            {read: 1},
	"multiply":        {read: 0.35, write: 0.35},
	"prelu":           {write: 0.5},
	"relu":            {write: 1},
	"reshape":         {write: 1.5},
	"resize":          {write: 7},
	"scale":           {write: 1},
	"sigmoid":         {write: 0.5},
	"softmax":         {write: 30},
	"subtract":        {read: 0.35, write: 0.35},
	"sum":             {read: 1},
	"tanh":            {write: 0.6},
	"transpose":       {write: 2.5},
	"transposed conv": {work: 6.5},

	// Other functions of one number.
	"elu": {write: 0.5}, "selu": {write: 0.5}, "celu": {write: 0.5}, "erf": {write: 0.9}, "exp": {write: 0.6}, "gelu": {write: 0.9},
	"log": {write: 0.7}, "mish": {write: 0.9}, "pow": {write: 60}, "softplus": {write: 60}, "swish": {write: 0.5}, "hard swish": {write: 0.3}, "sqrt": {write: 3},
}
