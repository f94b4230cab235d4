package op

import "strings"

// Cost is about how many nanoseconds an operation takes for one frame, from so
// many numbers to so many: the rates are those of one thread with AVX-512 at 2.5
// GHz, measured in whole networks. A device is faster or slower by a factor that
// is much the same for all of them, so that the share of a network's time that
// lies before a cut can be told without running it. After a kernel has changed,
// BenchmarkReckoned says by how much its rates are off.
func Cost(o Operation, in, out int) float64 {
	const each = 500 // to begin an operation
	if h, is := o.(heldOp); is {
		o = h.Operation
	}
	return each + cost(o, float64(in), float64(out))
}

func cost(o Operation, read, write float64) float64 {
	work := float64(o.Work())
	switch o := o.(type) {
	case *convOp:
		n := float64(o.samples)
		return n * o.cost(work/n, read/n, write/n)
	case *Dense:
		return o.cost()
	case *matMulOp: // each matrix is laid out for the product
		return work/26 + 1.3*read + 0.3*write + 500*float64(Volume(o.batch))
	case *einsumOp:
		return work/26 + 1.3*read + 0.6*write
	case *einsumChain:
		sum := 0.0
		for _, p := range o.pairs {
			sum += cost(p, float64(p.size(p.terms[0])+p.size(p.terms[1])), float64(p.size(p.result)))
		}
		return sum
	case *attentionOp: // products, and the softmax of what is between them
		return work/20 + 30*work/float64(o.q.size+o.v.size)
	case *recurrentOp: // products of a row each, and the curves of the gates
		return 0.5*work + 18*work/float64(o.input+o.hidden)
	case directConvOp, *integerConvOp:
		return 1.8 * work
	case convTransposeOp: // a product, and adding up its columns
		return work/45 + 2*work/float64(o.in/o.groups) + write
	case integerProductOp:
		return 3 * work
	case *poolOp: // each plane is prepared
		planes := write / float64(o.oh*o.ow)
		if o.mean {
			return 400*planes + 0.35*read + 2.6*write
		}
		return 400*planes + 0.35*read + 1.2*write
	case directPoolOp: // for each element of a window
		rate := 25.0
		switch o.name {
		case "average pool":
			rate = 12
		case "lp pool":
			rate = 52
		}
		return rate * write * float64(Volume(o.kernel))
	case *composedOp: // what is between the pieces stays in the nearest cache
		sum := 0.0
		for _, p := range o.pieces {
			sum += cost(p.Operation, 0, write)
		}
		return sum
	}
	per := paceOf(o.String())
	return work*per.work + read*per.read + write*per.write
}

// cost of a convolution of one sample: the products, and moving what enters and
// what comes out.
func (c *convOp) cost(work, read, write float64) float64 {
	taps := float64(c.elements())
	turned := 0.0 // bytes that become weights for each frame
	if c.weights.quantised != nil {
		turned = 2.5 * float64(c.weights.volume())
	}
	strided := c.stride != [2]int{1, 1}
	switch {
	case c.in == c.groups && c.in > 1: // a plane is prepared, and each tap passes over it
		return 400*float64(c.in) + (0.33+0.02*taps)*(read+write)
	case taps == 1 && c.groups == 1:
		seen := read / float64(c.stride[0]*c.stride[1])
		return 4000 + turned + work/58 + 0.24*seen + 0.28*write + 0.45*float64(c.in*c.out)
	}
	rows := float64(c.in) * taps * float64(c.oh) // that are laid out for the product
	switch {
	case c.groups > 1 && strided:
		return turned + work/58 + 23*rows + 0.4*write
	case c.groups > 1:
		return turned + work/58 + 15*rows + 0.4*write
	}
	each, apart := 12.0, 0.0 // apart: for a number that is read at a distance from the one before
	if strided {
		each, apart = 20, 2
	}
	filled := 1 + 4/float64(c.out) // rows of a product are computed several at a time
	return turned + work/58*filled + rows*each + apart*read + 0.4*write + 200*float64(c.in)
}

// cost of a dense layer: one row is as fast as its weights come from memory, or
// from the caches.
func (d *Dense) cost() float64 {
	work, bytes := float64(d.Work()), 4*float64(d.in)*float64(d.out)
	turned := 0.0
	if from, is := d.from.(*stored); is && from.weights.quantised != nil {
		turned = 2.5 * float64(d.in) * float64(d.out)
	}
	rate := 30.0
	if bytes > 2<<20 {
		rate = 11
	}
	if d.rows == 1 {
		return turned + bytes/rate
	}
	return turned + work/51 + bytes/rate
}

// pace is nanoseconds for a multiply-add, a number that is read, and one that is
// written.
type pace struct{ work, read, write float64 }

// paceOf finds the longest beginning of a description that is known.
func paceOf(description string) pace {
	best, per := "", pace{write: 3}
	for name, p := range paces {
		if strings.HasPrefix(description, name) && len(name) > len(best) {
			best, per = name, p
		}
	}
	return per
}

// paces are those of the other operations, by how their descriptions begin.
var paces = map[string]pace{
	// Arithmetic.
	"add":       {read: 0.35, write: 0.35},
	"divide":    {read: 0.4, write: 0.5},
	"fmod":      {write: 45},
	"maximum":   {write: 2},
	"minimum":   {write: 2},
	"multiply":  {read: 0.35, write: 0.35},
	"power":     {write: 105},
	"remainder": {write: 45},
	"scale":     {write: 1},
	"subtract":  {read: 0.35, write: 0.35},
	"bit":       {write: 20},
	"and":       {write: 20}, "or": {write: 20}, "xor": {write: 20}, "not": {write: 15},
	"equal": {write: 16}, "greater": {write: 12}, "less": {write: 14}, "where": {write: 3},

	// Functions of one number.
	"absolute": {write: 18}, "ceil": {write: 20}, "floor": {write: 20}, "round": {write: 9}, "sign": {write: 8}, "negative": {write: 6},
	"reciprocal": {write: 8}, "square root": {write: 17}, "is": {write: 19}, "cast": {write: 14}, "clip": {write: 1}, "relu": {write: 1},
	"leaky relu": {write: 0.3}, "prelu": {write: 0.5}, "thresholded relu": {write: 5.5}, "shrink": {write: 5}, "softsign": {write: 12},
	"hard sigmoid": {write: 0.3}, "hard swish": {write: 0.3}, "hardmax": {write: 8},
	"elu": {write: 0.5}, "selu": {write: 0.5}, "celu": {write: 0.5}, "erf": {write: 0.9}, "exp": {write: 0.6}, "gelu": {write: 0.9}, "log": {write: 0.7},
	"mish": {write: 0.9}, "sigmoid": {write: 0.5}, "softplus": {write: 95}, "swish": {write: 0.5}, "tanh": {write: 0.6},
	"sin": {write: 37}, "cos": {write: 41}, "tan": {write: 39}, "asin": {write: 48}, "acos": {write: 49}, "atan": {write: 33},
	"sinh": {write: 40}, "cosh": {write: 57}, "asinh": {write: 65}, "acosh": {write: 60}, "atanh": {write: 57},

	// Functions of many.
	"argmax": {read: 14}, "argmin": {read: 14}, "top": {read: 135}, "cumulative sum": {write: 2},
	"log softmax": {write: 24}, "softmax": {write: 23},
	"mean": {read: 0.4, write: 25}, "sum": {read: 0.8}, "l1 norm of": {read: 10}, "l2 norm of": {read: 7.5}, "maximum of": {read: 10}, "minimum of": {read: 11}, "product of": {read: 12},
	"log of sum": {read: 1}, "log of sum of exp": {read: 80}, "sum of squares": {read: 14},
	"layer norm": {write: 47}, "rms norm": {write: 30}, "instance norm": {write: 7}, "group norm": {write: 7}, "l1 norm over": {write: 8},
	"l2 norm over": {write: 8}, "lrn": {write: 110}, "mean variance norm": {write: 40},
	"resize": {write: 5}, "grid sample": {write: 160},
	"quantize": {write: 5}, "quantize by its range": {write: 15}, "dequantize": {write: 1},

	// Moving.
	"concat": {read: 0.6}, "depth to space": {write: 11}, "space to depth": {write: 2.4}, "expand": {write: 12}, "tile": {write: 9}, "pad": {write: 9},
	"slice": {write: 13}, "transpose": {write: 1.8}, "reshape": {write: 0.8}, "upper triangle": {write: 1}, "lower triangle": {write: 1}, "one-hot": {write: 0.6},
}
