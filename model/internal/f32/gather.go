package f32

import (
	"fmt"
	"slices"
)

// Run is a piece of a row that Gather puts together: To is where in the row it
// begins, From where it comes from. It ends where the next one begins; the last one
// of a row is empty.
type Run struct{ To, From int }

// MaxRuns is into how many pieces a row of the widest tile may fall, the empty one not
// counted.
const MaxRuns = 48

// Offsets are where each row of a matrix begins in what it is gathered from.
type Offsets struct {
	at          []int
	least, most int
}

// NewOffsets takes the offsets of rows, none of which is negative.
func NewOffsets(at []int) Offsets {
	if len(at) == 0 {
		return Offsets{}
	}
	return Offsets{at, slices.Min(at), slices.Max(at)}
}

// Gather writes the beginning of each of rows [row, row+rows) to dst, `width` from
// those of the row before: its runs, from src[offset+From] on, all of which lie in
// src for every row of the matrix. The first run begins at 0. Up to another width
// behind the last row, where dst has them, may be written as well.
func Gather(dst []float32, width int, src []float32, off *Offsets, row, rows int, runs []Run) {
	at, count := off.at[row:row+rows], len(runs)-1
	if rows == 0 || count < 1 {
		return
	}
	inside := len(dst) >= rows*width+runs[count-1].To
	for r, run := range runs[:count] {
		end := runs[r+1].To
		if run.To < 0 || run.To >= end || end > width || off.least+run.From < 0 || off.most+run.From+end-run.To > len(src) {
			panic(fmt.Sprintf("f32: run %d of %d, %d to %d, from %d..%d of %d", r, count, run.To, end, off.least+run.From, off.most+run.From, len(src)))
		}
		inside = inside && off.most+run.From+width <= len(src)
	}
	if i := gathers(width); inside && count <= gatherRuns[i] {
		// Whole vectors are copied from each run on, and what is too much of one is
		// overwritten by the next, and by the next row.
		gather(i, width, &dst[0], &src[0], &at[0], rows, &runs[0], count)
		return
	}
	for k, o := range at {
		row := dst[k*width:][:runs[count].To]
		for r, run := range runs[:count] {
			copy(row[run.To:runs[r+1].To], src[o+run.From:])
		}
	}
}
