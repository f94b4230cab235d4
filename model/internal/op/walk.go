package op

import "gorgonia.org/tensor"

// walk passes through tensors of different layouts in step: how long each
// dimension is, from the outermost on, and how far each operand moves in it.
// Neighbouring dimensions that every operand passes through alike are made one,
// so most walks end up with one or two. It is a value of fixed size: a kernel
// makes it anew for each frame, from the tensors' shapes and strides, and
// allocates nothing.
//
//	at := moves{}                     // places in y, a, b
//	for n, move := w.inner(); ; {      // n elements that are move apart
//		...
//		if !w.next(&at) { break }
//	}
type walk struct {
	rank  int
	dims  [MaxRank]int
	moves [MaxRank]moves // by dimension
	count [MaxRank]int   // where the walk is
}

// moves is how far each operand moves, or where it is: the result, and what it
// is made from.
type moves [4]int

// add puts a dimension inside those that are there.
func (w *walk) add(d int, by moves) {
	if d == 1 {
		return
	}
	if k := w.rank - 1; k >= 0 {
		outer := &w.moves[k]
		if *outer == (moves{d * by[0], d * by[1], d * by[2], d * by[3]}) {
			w.dims[k] *= d
			*outer = by
			return
		}
	}
	w.dims[w.rank], w.moves[w.rank] = d, by
	w.rank++
}

// inner is the length of the innermost dimension and its moves.
func (w *walk) inner() (int, moves) {
	if w.rank == 0 {
		return 1, moves{}
	}
	return w.dims[w.rank-1], w.moves[w.rank-1]
}

// next moves on to the next line of the innermost dimension; false after the
// last one, when it is back at the start.
func (w *walk) next(at *moves) bool {
	for k := w.rank - 2; k >= 0; k-- {
		w.count[k]++
		for o := range at {
			at[o] += w.moves[k][o]
		}
		if w.count[k] < w.dims[k] {
			return true
		}
		w.count[k] = 0
		for o := range at {
			at[o] -= w.dims[k] * w.moves[k][o]
		}
	}
	return false
}

// stride is how far t moves in dimension i of rank many, which are as its own
// from the last on: 0 where it has one element only and so is repeated along a
// longer dimension.
func stride(t *tensor.AP, rank, i int) int {
	i -= rank - len(t.Shape())
	if i < 0 || t.Shape()[i] == 1 {
		return 0
	}
	return t.Strides()[i]
}
