package op

import "gorgonia.org/tensor"

// einsumChain is a product of more than two tensors: each pair multiplies what the
// one before gives with the next tensor.
type einsumChain struct{ pairs []*einsumOp }

func (l *einsumChain) String() string { return l.pairs[0].String() }

func (l *einsumChain) Work() (sum int64) {
	for _, p := range l.pairs {
		sum += p.Work()
	}
	return sum
}

func (l *einsumChain) Bytes() (sum int64) {
	for _, p := range l.pairs {
		sum += p.Bytes() + 4*int64(p.size(p.result))
	}
	return sum
}

func (l *einsumChain) Load() (Kernel, error) {
	k := &einsumChainKernel{}
	for i, p := range l.pairs {
		kernel, err := p.Load()
		if err != nil {
			k.Free()
			return nil, err
		}
		k.pairs = append(k.pairs, kernel.(*einsumKernel))
		if i+1 < len(l.pairs) {
			shape := p.shape(p.result)
			k.between = append(k.between, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float32, Volume(shape)))))
		}
	}
	return k, nil
}

type einsumChainKernel struct {
	pairs   []*einsumKernel
	between []*tensor.Dense // what each but the last gives
	in      [2]*tensor.Dense
}

func (k *einsumChainKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	k.in[0] = xs[0]
	for i, p := range k.pairs {
		to := y
		if i < len(k.between) {
			to = k.between[i]
		}
		k.in[1] = xs[i+1]
		if err := p.Apply(to, k.in[:], with); err != nil {
			return err
		}
		k.in[0] = to
	}
	return nil
}

func (k *einsumChainKernel) Free() {
	for _, p := range k.pairs {
		p.Free()
	}
}
