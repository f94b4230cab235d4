package model

// nest walks tensors of different layouts in step: dims from the outermost on,
// and for each of them how far each operand moves. Neighbouring dimensions that
// every operand passes through alike are made one, so most walks end up with one
// or two.
type nest struct {
	dims  []int
	moves [][3]int // by dimension
	count []int    // where the walk is
}

// newNest makes the walk over dims; moves are as long as dims.
func newNest(dims []int, moves [][3]int) nest {
	var n nest
	for i, d := range dims {
		if d == 1 {
			continue
		}
		if k := len(n.dims) - 1; k >= 0 {
			whole := true
			for o := range 3 {
				whole = whole && n.moves[k][o] == d*moves[i][o]
			}
			if whole {
				n.dims[k] *= d
				n.moves[k] = moves[i]
				continue
			}
		}
		n.dims, n.moves = append(n.dims, d), append(n.moves, moves[i])
	}
	if len(n.dims) == 0 {
		n.dims, n.moves = []int{1}, [][3]int{{}}
	}
	n.count = make([]int, len(n.dims))
	return n
}

// inner is the length of the innermost dimension and its moves.
func (n *nest) inner() (int, [3]int) { return n.dims[len(n.dims)-1], n.moves[len(n.dims)-1] }

// next moves on to the next line of the innermost dimension; false after the
// last one, when it is back at the start.
func (n *nest) next(at *[3]int) bool {
	for k := len(n.dims) - 2; k >= 0; k-- {
		n.count[k]++
		for o := range at {
			at[o] += n.moves[k][o]
		}
		if n.count[k] < n.dims[k] {
			return true
		}
		n.count[k] = 0
		for o := range at {
			at[o] -= n.dims[k] * n.moves[k][o]
		}
	}
	return false
}

// strides are those of a row-major tensor, 0 where it has one element only and
// so is repeated along a longer dimension.
func strides(dims []int) []int {
	s := make([]int, len(dims))
	step := 1
	for i := len(dims) - 1; i >= 0; i-- {
		if dims[i] > 1 {
			s[i] = step
		}
		step *= dims[i]
	}
	return s
}
