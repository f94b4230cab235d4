package op

import (
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// einsum reads a product of one or two tensors whose dimensions have letters:
// those that the result does not name are summed over. It is a batch of products
// of matrices, with the tensors brought into that order:
//
//	"bhid,bhjd->bhij"      batch [b h], rows [i], columns [j], summed [d]
//
// A second tensor that is missing is a 1.
func einsum(n *Node) error {
	if err := n.takes(1, 2); err != nil {
		return fmt.Errorf("%w (%w: more than two)", err, ErrUnsupported)
	}
	var shapes [][]int
	for i := range n.In {
		d, err := n.dims(i)
		if err != nil {
			return err
		}
		shapes = append(shapes, d)
	}
	l, to, err := lettered(strings.ReplaceAll(n.word("equation", ""), " ", ""), shapes)
	if err != nil {
		return err
	}
	if len(n.In) == 1 {
		return n.give(l, to, 0)
	}
	return n.combine(l, to, 0, 1)
}

// lettered reads the equation.
func lettered(equation string, shapes [][]int) (*einsumOp, []int, error) {
	wrong := fmt.Errorf("%w: equation %.80q for shapes %v", ErrMalformed, equation, shapes)
	left, right, told := strings.Cut(equation, "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(shapes) {
		return nil, nil, wrong
	}
	sizes := map[rune]int{}
	dots := "" // letters for the dimensions of an ellipsis
	for i, t := range terms {
		if a, b, ok := strings.Cut(t, "..."); ok {
			missing := len(shapes[i]) - len(a) - len(b)
			if missing < 0 || missing > MaxRank {
				return nil, nil, wrong
			}
			all := "①②③④⑤⑥⑦⑧" // the last of them are those of shorter ones
			mine := string([]rune(all)[MaxRank-missing:])
			if len(mine) > len(dots) {
				dots = mine
			}
			terms[i] = a + mine + b
		}
		letters := []rune(terms[i])
		if len(letters) != len(shapes[i]) {
			return nil, nil, wrong
		}
		for k, c := range letters {
			d := shapes[i][k]
			if s, is := sizes[c]; is && s != d && s != 1 && d != 1 {
				return nil, nil, wrong
			}
			sizes[c] = max(sizes[c], d)
		}
	}
	result := []rune(strings.Replace(right, "...", dots, 1))
	if !told {
		result = []rune(dots)
		for _, c := range slices.Sorted(func(yield func(rune) bool) {
			for c := range sizes {
				if !yield(c) {
					return
				}
			}
		}) {
			if c < '①' && strings.Count(left, string(c)) == 1 {
				result = append(result, c)
			}
		}
	}
	l := &einsumOp{equation: equation, sizes: sizes, shapes: append(shapes, nil)}
	for _, t := range terms {
		l.terms = append(l.terms, []rune(t))
	}
	if len(terms) == 1 {
		l.terms = append(l.terms, nil)
	}
	to := []int{}
	for _, c := range result {
		inA, inB := slices.Contains(l.terms[0], c), slices.Contains(l.terms[1], c)
		switch {
		case inA && inB:
			l.batch = append(l.batch, c)
		case inA:
			l.rows = append(l.rows, c)
		case inB:
			l.columns = append(l.columns, c)
		default:
			return nil, nil, wrong
		}
		to = append(to, sizes[c])
	}
	for _, c := range slices.Concat(l.terms...) {
		if !slices.Contains(result, c) && !slices.Contains(l.summed, c) {
			l.summed = append(l.summed, c)
		}
	}
	l.result = result
	for _, order := range [][]rune{slices.Concat(l.batch, l.rows, l.summed), slices.Concat(l.batch, l.summed, l.columns), result} {
		if err := sound(l.shape(order)); err != nil {
			return nil, nil, err
		}
	}
	return l, to, nil
}

type einsumOp struct {
	equation                     string
	sizes                        map[rune]int
	terms                        [][]rune
	shapes                       [][]int // of the tensors; they may have 1 for a size
	result                       []rune
	batch, rows, columns, summed []rune
}

func (l *einsumOp) shape(letters []rune) []int {
	shape := make([]int, len(letters))
	for i, c := range letters {
		shape[i] = l.sizes[c]
	}
	return shape
}

func (l *einsumOp) size(letters []rune) int { return Volume(l.shape(letters)) }

func (l *einsumOp) Work() int64 {
	return int64(l.size(l.result)) * int64(l.size(l.summed))
}

func (l *einsumOp) Bytes() int64 {
	m, k, n := int64(l.size(l.rows)), int64(l.size(l.summed)), int64(l.size(l.columns))
	return 4 * (int64(l.size(l.batch))*(m*k+k*n+m*n) + m*k)
}

func (l *einsumOp) String() string { return "einsum " + l.equation }

func (l *einsumOp) Load() (Kernel, error) {
	m, k, n := l.size(l.rows), l.size(l.summed), l.size(l.columns)
	batch := l.size(l.batch)
	made := slices.Concat(l.batch, l.rows, l.columns)
	return &einsumKernel{
		product: newProduct(m, k, n), count: batch,
		a:  make([]float32, batch*m*k),
		b:  make([]float32, batch*k*n),
		c:  make([]float32, batch*m*n),
		as: l.order(slices.Concat(l.batch, l.rows, l.summed), l.terms[0], l.shapes[0]),
		bs: l.order(slices.Concat(l.batch, l.summed, l.columns), l.terms[1], l.shapes[1]),
		cs: l.order(l.result, made, l.shape(made)),
	}, nil
}

// order is the walk over a tensor of these letters, and what is there in one of
// the others; a letter that this has twice is its diagonal.
func (l *einsumOp) order(to, from []rune, shape []int) (w walk) {
	strides := rowMajor(shape).Strides()
	step := l.size(to)
	for _, c := range to {
		step /= l.sizes[c]
		by := moves{step}
		for i, d := range from {
			if d == c && shape[i] > 1 {
				by[1] += strides[i]
			}
		}
		w.add(l.sizes[c], by)
	}
	return w
}

type einsumKernel struct {
	product    *product
	count      int // of matrices
	a, b, c    []float32
	as, bs, cs walk
}

func (k *einsumKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	rearrange(k.a, xs[0].Float32s(), k.as)
	if len(xs) == 1 {
		fill(k.b, 1)
	} else {
		rearrange(k.b, xs[1].Float32s(), k.bs)
	}
	p := k.product
	for i := range k.count {
		p.multiply(k.c[i*p.m*p.n:][:p.m*p.n], k.a[i*p.m*p.k:], k.b[i*p.k*p.n:], false, false)
	}
	rearrange(y.Float32s(), k.c, k.cs)
	return nil
}

func (k *einsumKernel) Free() { k.product.free() }
