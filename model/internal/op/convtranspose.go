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

type convTransposeOp struct {
	spatial
	groups, in, channels int
}

func (c convTransposeOp) Bytes() int64 { return 0 }

func (c convTransposeOp) Work() int64 {
	return int64(c.in) * int64(c.channels/c.groups) * int64(Volume(c.kernel)) * int64(Volume(c.size))
}

func (c convTransposeOp) String() string {
	return fmt.Sprintf("transposed conv %d to %d, %v", c.in, c.channels, c.kernel)
}

func (c convTransposeOp) Load() (Kernel, error) {
	return convTransposeKernel{lattice: c.lattice(c.out, c.size), groups: c.groups}, nil
}

type convTransposeKernel struct {
	*lattice
	groups int
}

func (k convTransposeKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, w, z := xs[0].Float32s(), xs[1].Float32s(), y.Float32s()
	samples, in := xs[0].Shape()[0], xs[0].Shape()[1]
	each := xs[1].Shape()[1] // outputs of a group
	out := each * k.groups
	size, plane := len(x)/(samples*in), len(z)/(samples*out)
	for i := range samples * out {
		to, group, channel := z[i*plane:][:plane], i%out/each, i%each
		bias := float32(0)
		if len(xs) > 2 && xs[2] != nil {
			bias = xs[2].Float32s()[i%out]
		}
		fill(to, bias)
		for c := group * (in / k.groups); c < (group+1)*(in/k.groups); c++ {
			from := x[(i/out*in+c)*size:][:size]
			for tap := range k.taps {
				factor := w[(c*each+channel)*k.taps+tap]
				k.rows(tap, func(small, large, count, step int) {
					line := from[small:][:count]
					for j, v := range line {
						to[large+j*step] += factor * v
					}
				})
			}
		}
	}
	return nil
}
