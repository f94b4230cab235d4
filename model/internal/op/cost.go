package op

import "strings"

// Cost is about how many nanoseconds an operation takes for one frame, from so
// many numbers to so many: the rates are those of one thread with AVX-512 on an
// EPYC of 2024, measured in whole networks. A device is faster or slower by a factor that
// is much the same for all of them, so that the share of a network's time that
// lies before a cut can be told without running it. After a kernel has changed,
// BenchmarkReckoned says by how much its rates are off.
func Cost(o Operation, in, out int) float64 {
	const each = 250 // to begin an operation
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
		return work/200 + 0.86*read + 50*float64(Volume(o.batch))
	case *einsumOp:
		return work/200 + 0.86*read + 0.3*write
	case *einsumChain:
		sum := 0.0
		for _, p := range o.pairs {
			sum += cost(p, float64(p.size(p.terms[0])+p.size(p.terms[1])), float64(p.size(p.result)))
		}
		return sum
	case *attentionOp: // products, and the softmax of what is between them
		return work/60 + 5*work/float64(o.q.size+o.v.size)
	case *recurrentOp: // products of a row each, and the curves of the gates
		return 0.3*work + 12*work/float64(o.input+o.hidden)
	case directConvOp, *integerConvOp:
		return 0.8 * work
	case convTransposeOp: // a product, and adding up its columns
		return work/100 + 0.9*work/float64(o.in/o.groups) + 0.4*write
	case integerProductOp:
		return 1.3 * work
	case *poolOp: // each plane is prepared
		planes := write / float64(o.oh*o.ow)
		if o.mean {
			return 150*planes + 0.18*read + 1.35*write
		}
		return 150*planes + 0.1*read + 0.3*write
	case directPoolOp: // for each element of a window
		rate := 11.0
		switch o.name {
		case "average pool":
			rate = 5
		case "lp pool":
			rate = 25
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

// cost of a convolution of one sample, by the kernel that computes it: the products,
// and moving what enters and what comes out.
func (c *convOp) cost(work, read, write float64) float64 {
	in, out, taps := float64(c.in), float64(c.out), float64(c.elements())
	weights := in / float64(c.groups) * out * taps
	strided := c.stride != [2]int{1, 1}
	switch {
	case c.in == c.groups && c.in > 1: // a plane is prepared, and each tap passes over it
		if strided {
			return 48*in + work/27 + 0.03*read
		}
		return 48*in + work/42
	case c.filtered():
		return 875*float64(c.groups) + work/116 + 0.22*read
	case c.tile > 0: // the products of the tiles' elements, and the transforms
		elements, tiles := float64((c.tile+2)*(c.tile+2)), float64(ceil(c.oh, c.tile)*ceil(c.ow, c.tile))
		if c.tile == 6 {
			return elements*in*out*(tiles/27) + 7*tiles*(in+out)
		}
		return elements*in*out*(tiles/53+0.1) + tiles*(15*in+6*out)
	}
	if c.byTaps() {
		seen := 0.0
		for _, n := range c.seenInputs() {
			seen += float64(n)
		}
		return 1000*taps + in*out*seen/95 + 0.7*out*seen + 0.3*weights
	}
	turned := 0.0 // bytes that become weights for each frame
	if c.weights.quantised != nil {
		turned = float64(c.weights.volume())
	}
	switch {
	case taps == 1 && c.groups == 1 && c.oh*c.ow == 1:
		return 1000 + turned + 0.1*weights + 5*in
	case taps == 1 && c.groups == 1 && strided:
		return 300 + turned + work/100 + 0.11*read + 0.03*write + 0.3*weights
	case taps == 1 && c.groups == 1:
		return 300 + turned + work/100 + 0.033*read + 0.03*write + 0.3*weights
	}
	rows := in * taps * float64(c.oh) // that are laid out for the product
	sum := 1000 + turned + work/88 + 2.4*rows + 50*in + 0.25*weights
	if strided {
		sum += 0.28*read + 0.1*write
	}
	return sum
}

// cost of a dense layer: one row is as fast as its weights come from memory, or
// from the caches.
func (d *Dense) cost() float64 {
	work, bytes := float64(d.Work()), 4*float64(d.in)*float64(d.out)
	turned := 0.0
	if from, is := d.from.(*stored); is && from.weights.quantised != nil {
		turned = float64(d.in) * float64(d.out)
	}
	if d.rows == 1 {
		return turned + bytes/36
	}
	return 300 + turned + work/86 + 0.04*float64(d.rows*d.in)
}

// pace is nanoseconds for a multiply-add, a number that is read, and one that is
// written.
type pace struct{ work, read, write float64 }

// paceOf finds the longest beginning of a description that is known.
func paceOf(description string) pace {
	best, per := "", pace{write: 1.5}
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
	"add":       {read: 0.1, write: 0.07},
	"divide":    {read: 0.1, write: 0.3},
	"fmod":      {write: 18},
	"maximum":   {write: 0.3},
	"minimum":   {write: 0.3},
	"multiply":  {read: 0.05, write: 0.04},
	"power":     {write: 20},
	"remainder": {write: 18},
	"scale":     {write: 0.25},
	"subtract":  {read: 0.1, write: 0.07},
	"bit":       {write: 8},
	"and":       {write: 8}, "or": {write: 8}, "xor": {write: 8}, "not": {write: 6},
	"equal": {write: 3.5}, "greater": {write: 4}, "less": {write: 3.7}, "where": {write: 2.5},

	// Functions of one number.
	"absolute": {write: 3.7}, "ceil": {write: 4.6}, "floor": {write: 4.7}, "round": {write: 3.6}, "sign": {write: 3.4}, "negative": {write: 2.6},
	"reciprocal": {write: 2.3}, "square root": {write: 5}, "is": {write: 3.9}, "cast": {write: 6}, "clip": {write: 0.22}, "relu": {write: 0.22},
	"leaky relu": {write: 0.22}, "prelu": {write: 0.26}, "thresholded relu": {write: 2.4}, "shrink": {write: 3}, "softsign": {write: 5},
	"hard sigmoid": {write: 0.25}, "hard swish": {write: 0.22}, "hardmax": {write: 4},
	"elu": {write: 0.21}, "selu": {write: 0.21}, "celu": {write: 0.21}, "erf": {write: 0.37}, "exp": {write: 0.28}, "gelu": {write: 0.4}, "log": {write: 0.32},
	"mish": {write: 0.23}, "sigmoid": {write: 0.21}, "softplus": {write: 38}, "swish": {write: 0.21}, "tanh": {write: 0.21},
	"sin": {write: 11}, "cos": {write: 14}, "tan": {write: 12}, "asin": {write: 13}, "acos": {write: 13}, "atan": {write: 9},
	"sinh": {write: 12}, "cosh": {write: 15}, "asinh": {write: 23}, "acosh": {write: 10}, "atanh": {write: 20},

	// Functions of many.
	"argmax": {read: 4}, "argmin": {read: 3.5}, "top": {read: 60}, "cumulative sum": {write: 0.9},
	"log softmax": {write: 15}, "softmax": {write: 3.6},
	"mean": {read: 0.155, write: 5.7}, "sum": {read: 0.35}, "l1 norm of": {read: 3.8}, "l2 norm of": {read: 3.8}, "maximum of": {read: 4.5}, "minimum of": {read: 4.3}, "product of": {read: 3.8},
	"log of sum": {read: 0.5}, "log of sum of exp": {read: 64}, "sum of squares": {read: 3.9},
	"layer norm": {write: 10}, "rms norm": {write: 7}, "instance norm": {write: 3}, "group norm": {write: 3}, "l1 norm over": {write: 5.6},
	"l2 norm over": {write: 5.1}, "lrn": {write: 1.9}, "mean variance norm": {write: 12},
	"resize": {write: 2.5}, "grid sample": {write: 70},
	"quantize": {write: 2.7}, "quantize by its range": {write: 7}, "dequantize": {write: 0.4},

	// Moving.
	"concat": {read: 0.2}, "depth to space": {write: 8}, "space to depth": {write: 1}, "expand": {write: 1.5}, "tile": {write: 1.5}, "pad": {write: 2.8},
	"gather": {write: 0.33}, "slice": {write: 4}, "transpose": {write: 0.8}, "reshape": {write: 0.35}, "upper triangle": {write: 0.3}, "lower triangle": {write: 0.3},
	"one-hot": {write: 0.3},
}
