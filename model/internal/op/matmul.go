package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// matMul reads Y = A B as NumPy has it: matrices in the last two dimensions, and
// batches of them in those before. A matrix of weights makes it a dense layer.
func matMul(n *Node) error {
	if err := n.takes(2, 2); err != nil {
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
	if w := n.In[1].Constant; w != nil && len(b) == 2 && len(a) > 0 && !w.Type.Integer() {
		d, _, err := n.dense(a, true)
		if err != nil {
			return err
		}
		to := slices.Clone(a)
		to[len(to)-1] = d.out
		return n.give(d, to, 0)
	}
	o, to, err := matrices(a, b)
	if err != nil {
		return err
	}
	return n.combine(o, to, 0, 1)
}

// matrices is the product of tensors of these shapes, and its shape.
func matrices(a, b []int) (*matMulOp, []int, error) {
	wrong := fmt.Errorf("%w: matrices of shapes %v and %v do not fit one another", ErrMalformed, a, b)
	if len(a) == 0 || len(b) == 0 {
		return nil, nil, wrong
	}
	row, column := len(a) == 1, len(b) == 1
	if row {
		a = []int{1, a[0]}
	}
	if column {
		b = []int{b[0], 1}
	}
	i, j := len(a)-2, len(b)-2
	o := &matMulOp{a: a[:i], b: b[:j], m: a[i], k: a[i+1], n: b[j+1]}
	if b[j] != o.k {
		return nil, nil, wrong
	}
	var err error
	if o.batch, err = broadcast(o.a, o.b); err != nil {
		return nil, nil, err
	}
	to := slices.Clone(o.batch)
	if !row {
		to = append(to, o.m)
	}
	if !column {
		to = append(to, o.n)
	}
	return o, to, nil
}

// matMulOp multiplies matrices that may be activations.
type matMulOp struct {
	a, b, batch []int // the dimensions before those of the matrices
	m, k, n     int
}

func (l *matMulOp) Bytes() int64 { return 4 * int64(l.m) * int64(l.k) }
func (l *matMulOp) Work() int64 {
	return int64(Volume(l.batch)) * int64(l.m) * int64(l.k) * int64(l.n)
}

func (l *matMulOp) String() string {
	return fmt.Sprintf("product of %d by %d and %d by %d", l.m, l.k, l.k, l.n)
}

func (l *matMulOp) Load() (Kernel, error) {
	return &matMulKernel{l, newProduct(l.m, l.k, l.n), rowMajor(l.batch), rowMajor(l.a), rowMajor(l.b)}, nil
}

type matMulKernel struct {
	*matMulOp
	product       *product
	batch, as, bs *tensor.AP
}

func (k *matMulKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, a, b := y.Float32s(), xs[0].Float32s(), xs[1].Float32s()
	w := together(k.batch, k.as, k.bs)
	n, move := w.inner()
	for at := (moves{}); ; {
		for i := range n {
			c, left, right := at[0]+i*move[0], at[1]+i*move[1], at[2]+i*move[2]
			k.product.multiply(z[c*k.m*k.n:][:k.m*k.n], a[left*k.m*k.k:], b[right*k.k*k.n:], false, false)
		}
		if !w.next(&at) {
			return nil
		}
	}
}

func (k *matMulKernel) Free() { k.product.free() }
