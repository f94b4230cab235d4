package f32

import "fmt"

// Run is a piece of a row that Gather puts together: To is where in the row it
// begins, From where it comes from. It ends where the next one begins.
type Run struct{ To, From int }

// MaxRuns is into how many pieces a row of the widest tile may fall.
const MaxRuns = 48

// Gather writes a row of `cols` entries, `width` from the one before, for each
// of off: its runs, from src[off+From] on. The first run begins at 0. Up to
// another width behind the last row, where dst has them, may be written as well.
func Gather(dst []float32, width int, src []float32, off []int, runs []Run, cols int) {
	gatherFor(native, dst, width, src, off, runs, cols)
}

func gatherFor(i isa, dst []float32, width int, src []float32, off []int, runs []Run, cols int) {
	if len(off) == 0 || len(runs) == 0 {
		return
	}
	least, most := off[0], off[0]
	for _, o := range off {
		least, most = min(least, o), max(most, o)
	}
	inside := len(dst) >= len(off)*width+runs[len(runs)-1].To
	for r, run := range runs {
		end := cols
		if r+1 < len(runs) {
			end = runs[r+1].To
		}
		if run.To < 0 || run.To >= end || end > width || least+run.From < 0 || most+run.From+end-run.To > len(src) {
			panic(fmt.Sprintf("f32: run %d of %d, %d to %d, from %d..%d of %d", r, len(runs), run.To, end, least+run.From, most+run.From, len(src)))
		}
		inside = inside && most+run.From+width <= len(src)
	}
	if inside && gatherWidth[i] == width && len(runs) <= gatherRuns[i] {
		// Whole tiles are copied from each run on, and what is too much of one is
		// overwritten by the next, and by the next row.
		gather(i, &dst[0], &src[0], &off[0], len(off), &runs[0], len(runs))
		return
	}
	for k, o := range off {
		row := dst[k*width:][:cols]
		for r, run := range runs {
			end := cols
			if r+1 < len(runs) {
				end = runs[r+1].To
			}
			copy(row[run.To:end], src[o+run.From:])
		}
	}
}
