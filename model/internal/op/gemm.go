package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// gemm reads Y = alpha A' B' + beta C. With weights for B and a bias for each
// column it is a dense layer.
func gemm(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	a, err := n.dims(0)
	if err != nil {
		return err
	}
	b, err := n.dims(1)
	if err != nil {
		return err
	}
	if len(a) != 2 || len(b) != 2 {
		return fmt.Errorf("%w: shapes %v and %v: two matrices are wanted", ErrMalformed, a, b)
	}
	if n.isDense(a) {
		return n.gemmDense(a)
	}
	o := &gemmOp{turnA: n.Int("transA", 0) != 0, turnB: n.Int("transB", 0) != 0, alpha: n.Float("alpha", 1), beta: n.Float("beta", 1)}
	if o.turnA {
		a = []int{a[1], a[0]}
	}
	if o.turnB {
		b = []int{b[1], b[0]}
	}
	l, to, err := matrices(a, b)
	if err != nil {
		return err
	}
	o.matMulOp = l
	if n.has(2) {
		c, err := n.dims(2)
		if err != nil {
			return err
		}
		if whole, err := broadcast(c, to); err != nil || Volume(whole) != Volume(to) || len(c) > 2 {
			return fmt.Errorf("%w: bias %.80q of shape %d for %d rows and %d outputs", ErrMalformed, n.Inputs[2], c, l.m, l.n)
		}
	}
	return n.combine(o, to, 0, 1, 2)
}

// isDense says that a Gemm is a dense layer.
func (n *Node) isDense(a []int) bool {
	w := n.In[1].Constant
	if w == nil || n.In[0].Constant != nil || w.Type.Integer() || n.Int("transA", 0) != 0 && Volume(a) != 1 {
		return false
	}
	if !n.has(2) {
		return true
	}
	out := w.Dims[1-n.Int("transB", 0)&1]
	c := n.In[2].Constant
	return c != nil && !c.Type.Integer() && c.perChannel(2, 1, int(out))
}

func (n *Node) gemmDense(a []int) error {
	d, from, err := n.dense(a, n.Int("transB", 0) == 0)
	if err != nil {
		return err
	}
	from.alpha = n.Float("alpha", 1)
	c, err := n.weights(2)
	if err != nil {
		return err
	}
	if c != nil {
		d.append(scaling{shift: c, times: n.Float("beta", 1)})
	}
	return n.give(d, []int{a[0], d.out}, 0)
}

// gemmOp is a Gemm whose matrices may be activations.
type gemmOp struct {
	*matMulOp
	turnA, turnB bool
	alpha, beta  float32
}

func (l *gemmOp) Load() (Kernel, error) { return &gemmKernel{l, newProduct(l.m, l.k, l.n)}, nil }

type gemmKernel struct {
	*gemmOp
	product *product
}

func (k *gemmKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z := y.Float32s()
	k.product.multiply(z, xs[0].Float32s(), xs[1].Float32s(), k.turnA, k.turnB)
	scaleBy(z, k.alpha)
	if len(xs) < 3 || xs[2] == nil {
		return nil
	}
	c := xs[2].Float32s()
	w := together(y.Info(), xs[2].Info())
	n, move := w.inner()
	for at := (moves{}); ; {
		for i := range n {
			z[at[0]+i*move[0]] += k.beta * c[at[1]+i*move[1]]
		}
		if !w.next(&at) {
			return nil
		}
	}
}

func (k *gemmKernel) Free() { k.product.free() }
