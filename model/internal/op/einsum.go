package op

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// einsum reads a product of tensors whose dimensions have letters: those that the
// result does not name are summed over. Two tensors are a batch of products of
// matrices, and are brought into that order:
//
//	"bhid,bhjd->bhij"      batch [b h], rows [i], columns [j], summed [d]
//
// A second tensor that is missing is a 1. Of several, the product of those before
// is multiplied with the next, and keeps the letters that are still wanted.
func einsum(n *Node) error {
	const most = 16
	if err := n.takes(1, most); err != nil {
		return err
	}
	var shapes [][]int
	var inputs []int
	for i := range n.In {
		d, err := n.dims(i)
		if err != nil {
			return err
		}
		shapes, inputs = append(shapes, d), append(inputs, i)
	}
	e, err := lettered(strings.ReplaceAll(n.word("equation", ""), " ", ""), shapes)
	if err != nil {
		return err
	}
	to := e.shape(e.result)
	if len(n.In) == 1 {
		l, err := e.pair(e.terms[0], shapes[0], nil, nil, e.result)
		if err != nil {
			return err
		}
		return n.give(l, to, 0)
	}
	chain := &einsumChain{}
	term, shape := e.terms[0], shapes[0]
	for i := 1; i < len(e.terms); i++ {
		result := e.result
		if i+1 < len(e.terms) {
			result = e.wanted(slices.Concat(term, e.terms[i]), i+1)
		}
		l, err := e.pair(term, shape, e.terms[i], shapes[i], result)
		if err != nil {
			return err
		}
		chain.pairs = append(chain.pairs, l)
		term, shape = result, e.shape(result)
	}
	if len(chain.pairs) == 1 {
		return n.combine(chain.pairs[0], to, inputs...)
	}
	return n.combine(chain, to, inputs...)
}

// equation is what the letters say.
type equation struct {
	text   string
	sizes  map[rune]int
	terms  [][]rune
	result []rune
}

// lettered reads it.
func lettered(text string, shapes [][]int) (*equation, error) {
	wrong := fmt.Errorf("%w: equation %.80q for shapes %v", ErrMalformed, text, shapes)
	left, right, told := strings.Cut(text, "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(shapes) {
		return nil, wrong
	}
	e := &equation{text: text, sizes: map[rune]int{}}
	dots := "" // letters for the dimensions of an ellipsis
	for i, t := range terms {
		if a, b, ok := strings.Cut(t, "..."); ok {
			missing := len(shapes[i]) - len(a) - len(b)
			if missing < 0 || missing > MaxRank {
				return nil, wrong
			}
			all := "①②③④⑤⑥⑦⑧" // the last of them are those of shorter ones
			mine := string([]rune(all)[MaxRank-missing:])
			if len(mine) > len(dots) {
				dots = mine
			}
			t = a + mine + b
		}
		letters := []rune(t)
		if len(letters) != len(shapes[i]) {
			return nil, wrong
		}
		for k, c := range letters {
			d := shapes[i][k]
			if s, is := e.sizes[c]; is && s != d && s != 1 && d != 1 {
				return nil, wrong
			}
			e.sizes[c] = max(e.sizes[c], d)
		}
		e.terms = append(e.terms, letters)
	}
	e.result = []rune(strings.Replace(right, "...", dots, 1))
	if !told {
		e.result = []rune(dots)
		for _, c := range slices.Sorted(maps.Keys(e.sizes)) {
			if c < '①' && strings.Count(left, string(c)) == 1 {
				e.result = append(e.result, c)
			}
		}
	}
	for _, c := range e.result {
		if e.sizes[c] == 0 {
			return nil, wrong
		}
	}
	return e, nil
}

// shape is the sizes of letters.
func (e *equation) shape(letters []rune) []int {
	shape := make([]int, len(letters))
	for i, c := range letters {
		shape[i] = e.sizes[c]
	}
	return shape
}

func (e *equation) size(letters []rune) int { return Volume(e.shape(letters)) }

// wanted are those of the letters that the result names, or a term from number
// next on.
func (e *equation) wanted(letters []rune, next int) (wanted []rune) {
	later := slices.Concat(slices.Concat(e.terms[next:]...), e.result)
	for _, c := range letters {
		if !slices.Contains(wanted, c) && slices.Contains(later, c) {
			wanted = append(wanted, c)
		}
	}
	return wanted
}

// pair multiplies two of the tensors.
func (e *equation) pair(a []rune, aShape []int, b []rune, bShape []int, result []rune) (*einsumOp, error) {
	l := &einsumOp{equation: e, terms: [][]rune{a, b}, shapes: [][]int{aShape, bShape}, result: result}
	for _, c := range result {
		switch inA, inB := slices.Contains(a, c), slices.Contains(b, c); {
		case inA && inB:
			l.batch = append(l.batch, c)
		case inA:
			l.rows = append(l.rows, c)
		default:
			l.columns = append(l.columns, c)
		}
	}
	for _, c := range slices.Concat(a, b) {
		if !slices.Contains(result, c) && !slices.Contains(l.summed, c) {
			l.summed = append(l.summed, c)
		}
	}
	for _, order := range [][]rune{slices.Concat(l.batch, l.rows, l.summed), slices.Concat(l.batch, l.summed, l.columns), result} {
		if err := sound(e.shape(order)); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// einsumOp is a product of two tensors, or of one and 1.
type einsumOp struct {
	*equation
	terms                        [][]rune
	shapes                       [][]int // of the tensors; they may have 1 for a size
	result                       []rune
	batch, rows, columns, summed []rune
}

func (l *einsumOp) Work() int64 {
	return int64(l.size(l.result)) * int64(l.size(l.summed))
}

func (l *einsumOp) Bytes() int64 {
	m, k, n := int64(l.size(l.rows)), int64(l.size(l.summed)), int64(l.size(l.columns))
	return 4 * (int64(l.size(l.batch))*(m*k+k*n+m*n) + m*k)
}

func (l *einsumOp) String() string { return "einsum " + l.text }

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
