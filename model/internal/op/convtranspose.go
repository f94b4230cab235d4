package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// convTranspose reads the transpose of a convolution: each element of x, of
// shape [n in ...], adds the weights, of [in out/groups kernel...], to a window
// of y.
//
// https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
func convTranspose(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	x, err := n.dims(0)
	if err != nil {
		return err
	}
	w, err := n.dims(1)
	if err != nil {
		return err
	}
	groups := n.Int("group", 1)
	if len(w) != len(x) || len(x) < 3 || w[0] != x[1] || groups < 1 || int64(x[1])%groups != 0 {
		return fmt.Errorf("%w: weights of shape %v in %d groups do not fit an activation of shape %v", ErrMalformed, w, groups, x)
	}
	if k := n.Attribute("kernel_shape"); k != nil && fmt.Sprint(k.Ints) != fmt.Sprint(w[2:]) {
		return fmt.Errorf("%w: kernel_shape %d and weights of shape %v", ErrMalformed, k.Ints, w)
	}
	s, err := n.spread(x[2:], w[2:])
	if err != nil {
		return err
	}
	out := w[1] * int(groups)
	if b, err := n.dims(2); n.has(2) && (err != nil || len(b) != 1 || b[0] != out) {
		return fmt.Errorf("%w: a bias of shape %v for %d outputs", ErrMalformed, b, out)
	}
	o := convTransposeOp{spatial: s, groups: int(groups), in: x[1], channels: out}
	return n.combine(o, append([]int{x[0], out}, s.out...), 0, 1, 2)
}

// spread reads where the windows of a transposed convolution lie: padding takes
// away from its result.
func (n *Node) spread(size, kernel []int) (s spatial, err error) {
	rank := len(size)
	lists := map[string][]int64{}
	for name, least := range map[string]int64{"strides": 1, "dilations": 1, "output_padding": 0, "pads": 0, "output_shape": 0} {
		count := rank
		if a := n.Attribute(name); name == "pads" || name == "output_shape" && a != nil && len(a.Ints) == 2*rank {
			count = 2 * rank
		}
		if lists[name], err = n.perAxis(name, count, least); err != nil {
			return s, err
		}
	}
	auto := n.word("auto_pad", "NOTSET")
	for i, d := range size {
		stride, dilation := lists["strides"][i], lists["dilations"][i]
		full := (int64(d)-1)*stride + lists["output_padding"][i] + (int64(kernel[i])-1)*dilation + 1
		before, after := lists["pads"][i], lists["pads"][i+rank]
		wanted := lists["output_shape"]
		if len(wanted) == 2*rank { // with batch and channels in front
			wanted = wanted[len(wanted)-rank:]
		}
		switch {
		case n.Attribute("output_shape") != nil:
			before, after = shared(max(0, full-wanted[i]), auto != "SAME_UPPER")
			full = wanted[i] + before + after
		case auto == "SAME_UPPER" || auto == "SAME_LOWER":
			before, after = shared(max(0, full-int64(d)*stride), auto == "SAME_LOWER")
		case auto == "VALID":
			before, after = 0, 0
		case auto != "NOTSET":
			return s, fmt.Errorf("%w: auto_pad %.20q", ErrMalformed, auto)
		}
		out := full - before - after
		if out < 1 || out > MaxVolume {
			return s, fmt.Errorf("%w: it gives %d elements along dimension %d", ErrMalformed, out, i+2)
		}
		s.add(d, kernel[i], int(stride), int(dilation), int(before), int(after), int(out))
	}
	return s, nil
}

// convTransposeOp multiplies the weights with all places of x at once, and adds
// the columns of the product up where their windows overlap:
//
//	weights turned over      x             columns            y
//	[channels taps, in] x [in, size] = [channels taps, size] ──add──▶ [channels, out]
//
// It does so for as many channels as take little memory.
type convTransposeOp struct {
	spatial
	groups, in, channels int
}

func (c convTransposeOp) Work() int64 {
	return int64(c.in) * int64(c.channels/c.groups) * int64(Volume(c.kernel)) * int64(Volume(c.size))
}

func (c convTransposeOp) Bytes() int64 {
	rows, in, size := int64(c.together()*Volume(c.kernel)), int64(c.in/c.groups), int64(Volume(c.size))
	return 4 * (2*rows*in + rows*size)
}

// together is how many channels of a group are computed at a time.
func (c convTransposeOp) together() int {
	const most = 1 << 18 // floats of the columns
	n := c.channels / c.groups
	for d := 1; d < n; d++ {
		if n%d == 0 && n/d*Volume(c.kernel)*Volume(c.size) <= most {
			return n / d
		}
	}
	if n*Volume(c.kernel)*Volume(c.size) <= most {
		return n
	}
	return 1
}

func (c convTransposeOp) String() string {
	return fmt.Sprintf("transposed conv %d to %d, %v", c.in, c.channels, c.kernel)
}

func (c convTransposeOp) Load() (Kernel, error) {
	rows, in, size := c.together()*Volume(c.kernel), c.in/c.groups, Volume(c.size)
	return &convTransposeKernel{
		convTransposeOp: c, lattice: c.lattice(c.out, c.size), product: newProduct(rows, in, size),
		weights: make([]float32, rows*in), columns: make([]float32, rows*size),
	}, nil
}

type convTransposeKernel struct {
	convTransposeOp
	*lattice
	product          *product
	weights, columns []float32 // of the channels at hand
}

func (k *convTransposeKernel) Free() { k.product.free() }

func (k *convTransposeKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, w, z := xs[0].Float32s(), xs[1].Float32s(), y.Float32s()
	var bias []float32
	if len(xs) > 2 && xs[2] != nil {
		bias = xs[2].Float32s()
	}
	in, each, size, plane := k.in/k.groups, k.channels/k.groups, k.product.n, Volume(k.out)
	rows := len(k.weights) / in
	count := rows / k.taps
	for channel := 0; channel < k.channels; channel += count {
		group, first := channel/each, channel%each*k.taps
		for c := range in {
			copy(k.weights[c*rows:][:rows], w[(group*in+c)*each*k.taps+first:])
		}
		for sample := range xs[0].Shape()[0] {
			k.product.multiply(k.columns, k.weights, x[(sample*k.in+group*in)*size:], true, false)
			for i := range count {
				to := z[(sample*k.channels+channel+i)*plane:][:plane]
				begin := float32(0)
				if bias != nil {
					begin = bias[channel+i]
				}
				fill(to, begin)
				k.add(to, k.columns[i*k.taps*size:])
			}
		}
	}
	return nil
}

// add adds the columns of a channel to its plane, tap by tap.
func (k *convTransposeKernel) add(to, columns []float32) {
	size := k.product.n
	for tap := range k.taps {
		from := columns[tap*size:][:size]
		k.rows(tap, func(small, large, count, step int) {
			for j, v := range from[small:][:count] {
				to[large+j*step] += v
			}
		})
	}
}
