package op

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// attention reads softmax(scale Q K' + mask) V, head by head: Vaswani et al.
// 2017, with what came later: several query heads may share one of keys and
// values, keys and values of earlier calls come before the new ones, a softcap
// bounds the scores. Tensors are [batch heads length size], or with three
// dimensions [batch length heads*size].
func attention(n *Node) error {
	if err := n.takes(3, 7); err != nil {
		return err
	}
	var shapes [7][]int
	for i := range n.In {
		if !n.has(i) {
			continue
		}
		var err error
		if shapes[i], err = n.dims(i); err != nil {
			return err
		}
	}
	l := &attentionOp{causal: n.Int("is_causal", 0) != 0, softcap: float64(n.Float("softcap", 0)), mode: n.Int("qk_matmul_output_mode", 0)}
	q, k, v := l.q.read(shapes[0], n.Int("q_num_heads", 0)), l.k.read(shapes[1], n.Int("kv_num_heads", 0)), l.v.read(shapes[2], n.Int("kv_num_heads", 0))
	if !q || !k || !v || l.q.size != l.k.size || l.k.length != l.v.length || l.k.heads != l.v.heads || l.q.heads%l.k.heads != 0 ||
		l.q.batch != l.k.batch || l.q.batch != l.v.batch {
		return fmt.Errorf("%w: queries %v, keys %v and values %v do not fit one another", ErrMalformed, shapes[0], shapes[1], shapes[2])
	}
	if past := shapes[4]; past != nil {
		l.past = past[min(2, len(past)-1)]
		if !slices.Equal(past, []int{l.k.batch, l.k.heads, l.past, l.k.size}) || !slices.Equal(shapes[5], []int{l.k.batch, l.k.heads, l.past, l.v.size}) {
			return fmt.Errorf("%w: earlier keys %v and values %v", ErrMalformed, past, shapes[5])
		}
	}
	l.total = l.past + l.k.length
	if err := l.masks(shapes[3]); err != nil {
		return err
	}
	l.truth = n.has(3) && n.holds(3).Integer()
	l.scale = float64(n.Float("scale", float32(1/math.Sqrt(float64(l.q.size)))))
	to := []int{l.q.batch, l.q.heads, l.q.length, l.v.size}
	if l.q.flat {
		to = []int{l.q.batch, l.q.length, l.q.heads * l.v.size}
	}
	if err := n.combine(l, to, 0, 1, 2, 3, 4, 5, 6); err != nil {
		return err
	}
	more := [][]int{{l.k.batch, l.k.heads, l.total, l.k.size}, {l.k.batch, l.k.heads, l.total, l.v.size}, {l.q.batch, l.q.heads, l.q.length, l.total}}
	if len(n.Outputs) > 3 && n.Outputs[3] != "" && l.mode != 0 && l.mode != 3 {
		return fmt.Errorf("qk_matmul_output_mode %d: %w: versions of ONNX differ in what it is; 0 and 3 are", l.mode, ErrUnsupported)
	}
	for i := range min(len(more), len(n.Outputs)-1) {
		if err := n.also(more[i], n.holds(0)); err != nil {
			return err
		}
	}
	return nil
}

// heads is how queries, keys or values lie in memory.
type heads struct {
	batch, heads, length, size int
	flat                       bool // heads lie beside one another
}

func (h *heads) read(shape []int, count int64) bool {
	switch {
	case len(shape) == 4:
		*h = heads{shape[0], shape[1], shape[2], shape[3], false}
	case len(shape) == 3 && count > 0 && count <= int64(shape[2]) && shape[2]%int(count) == 0:
		*h = heads{shape[0], int(count), shape[1], shape[2] / int(count), true}
	default:
		return false
	}
	return true
}

// row is where row i of a head is.
func (h *heads) row(batch, head, i int) int {
	if h.flat {
		return ((batch*h.length+i)*h.heads + head) * h.size
	}
	return ((batch*h.heads+head)*h.length + i) * h.size
}

// masks checks the shape of a mask, which is repeated over batch, heads and
// queries, and whose rows may end early: what lies behind is masked.
func (l *attentionOp) masks(shape []int) error {
	if shape == nil {
		return nil
	}
	if len(shape) == 0 || len(shape) > 4 || shape[len(shape)-1] > l.total {
		return fmt.Errorf("%w: a mask of shape %v for %d keys", ErrMalformed, shape, l.total)
	}
	l.maskRow = shape[len(shape)-1]
	step := l.maskRow
	for i, d := range []int{l.q.length, l.q.heads, l.q.batch} {
		own := along(shape, 4, 2-i)
		if own != d && own != 1 {
			return fmt.Errorf("%w: a mask of shape %v for %v", ErrMalformed, shape, []int{l.q.batch, l.q.heads, l.q.length, l.total})
		}
		if own > 1 {
			l.maskSteps[i] = step
		}
		step *= own
	}
	return nil
}

type attentionOp struct {
	q, k, v        heads
	past, total    int // keys of earlier calls, and all
	causal, truth  bool
	scale, softcap float64
	mode           int64
	maskRow        int
	maskSteps      [3]int // by query, head and batch
}

func (l *attentionOp) Work() int64 {
	return int64(l.q.batch*l.q.heads) * int64(l.q.length) * int64(l.total) * int64(l.q.size+l.v.size)
}

func (l *attentionOp) Bytes() int64 {
	return 4 * (2*int64(l.q.length)*int64(l.q.size+l.total) + int64(l.total)*int64(l.k.size+l.v.size))
}

func (l *attentionOp) String() string {
	return fmt.Sprintf("attention of %d heads, %d to %d", l.q.heads, l.q.length, l.total)
}

func (l *attentionOp) Load() (Kernel, error) {
	return &attentionKernel{
		attentionOp: l,
		scores:      newProduct(l.q.length, l.q.size, l.total),
		values:      newProduct(l.q.length, l.total, l.v.size),
		head:        make([]float32, l.q.length*max(l.q.size, l.v.size)),
		weights:     make([]float32, l.q.length*l.total),
		keys:        make([]float32, l.total*l.k.size),
		held:        make([]float32, l.total*l.v.size),
	}, nil
}

// attentionKernel has memory for one head.
type attentionKernel struct {
	*attentionOp
	scores, values            *product
	head, weights, keys, held []float32
}

func (k *attentionKernel) Free() { k.scores.free(); k.values.free() }

func (k *attentionKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	in := func(i int) []float32 {
		if i >= len(xs) || xs[i] == nil {
			return nil
		}
		return xs[i].Float32s()
	}
	q, z, mask, lengths := in(0), y.Float32s(), in(3), in(6)
	out := k.q
	out.size = k.v.size
	for b := range k.q.batch {
		limit, offset := k.total, k.past
		if lengths != nil {
			if limit = min(k.total, int(lengths[b])); in(4) == nil {
				offset = limit - k.q.length
			}
		}
		for h := range k.q.heads {
			shared := h / (k.q.heads / k.k.heads)
			k.gather(k.keys, in(4), in(1), &k.k, b, shared)
			k.gather(k.held, in(5), in(2), &k.v, b, shared)
			for i := range k.q.length {
				copy(k.head[i*k.q.size:][:k.q.size], q[k.q.row(b, h, i):])
			}
			k.scores.multiply(k.weights, k.head, k.keys, false, true)
			scaleBy(k.weights, float32(k.scale))
			all := (b*k.q.heads + h) * len(k.weights)
			if len(with.More) > 2 && k.mode == 0 {
				copy(with.More[2].Float32s()[all:], k.weights)
			}
			for i := range k.q.length {
				row := k.weights[i*k.total:][:k.total]
				k.bend(row)
				k.mask(row, mask, b*k.maskSteps[2]+h*k.maskSteps[1]+i*k.maskSteps[0])
				if k.causal {
					hide(row, max(0, i+offset+1))
				}
				hide(row, limit)
				attend(row)
			}
			if len(with.More) > 2 && k.mode == 3 {
				copy(with.More[2].Float32s()[all:], k.weights)
			}
			k.values.multiply(k.head[:k.q.length*k.v.size], k.weights, k.held, false, false)
			for i := range k.q.length {
				copy(z[out.row(b, h, i):][:k.v.size], k.head[i*k.v.size:])
			}
			for i, of := range [][]float32{k.keys, k.held} {
				if i < len(with.More) {
					copy(with.More[i].Float32s()[(b*k.k.heads+shared)*len(of):], of)
				}
			}
		}
	}
	return nil
}

// gather puts the rows of a head after those of earlier calls.
func (k *attentionKernel) gather(to, past, x []float32, h *heads, b, head int) {
	if past != nil {
		copy(to, past[(b*h.heads+head)*k.past*h.size:][:k.past*h.size])
	}
	for i := range h.length {
		copy(to[(k.past+i)*h.size:][:h.size], x[h.row(b, head, i):])
	}
}

// bend bounds the scores by the softcap.
func (k *attentionKernel) bend(row []float32) {
	if k.softcap <= 0 {
		return
	}
	for i, v := range row {
		row[i] = float32(k.softcap * math.Tanh(float64(v)/k.softcap))
	}
}

func (k *attentionKernel) mask(row, mask []float32, at int) {
	if mask == nil {
		return
	}
	for i, v := range mask[at:][:k.maskRow] {
		switch {
		case !k.truth:
			row[i] += v
		case v == 0:
			row[i] = float32(math.Inf(-1))
		}
	}
	hide(row, k.maskRow)
}

// hide masks a row from an element on.
func hide(row []float32, from int) {
	if from < len(row) {
		fill(row[from:], float32(math.Inf(-1)))
	}
}

// attend is softmax; of a row that is masked all over it is 0.
func attend(row []float32) {
	if math.IsInf(float64(largest(row, 1)), -1) {
		clear(row)
		return
	}
	softmaxRows(row, row, len(row))
}
