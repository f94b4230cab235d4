package f32

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// What is packed is what Go's loops pack, on memory that ends where it says.
func TestPacking(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(61, 62))
		for round := range rounds() {
			f := &fence{t: t, r: r, front: round%2 == 0}
			width, rows := shapes[i].tileCols, 1+r.IntN(40)
			packRandomly(t, f, width, rows)
			gatherRandomly(t, f, width, rows)
			f.done()
		}
	})
}

func packRandomly(t *testing.T, f *fence, width, rows int) {
	cols, row, col := 1+f.r.IntN(4*width), f.r.IntN(3), f.r.IntN(5)
	b := RowMajor{Stride: col + cols + f.r.IntN(9)}
	b.Data = f.slice((row+rows-1)*b.Stride + col + cols)
	tiles := (cols + width - 1) / width
	dst := f.slice(rows*tiles*width + width)
	b.Pack(dst, width, row, rows, col, cols)
	for k := range rows {
		for j := range cols {
			if got, want := dst[j/width*width*rows+k*width+j%width], b.Data[(row+k)*b.Stride+col+j]; got != want {
				t.Fatalf("tiles of %d, %d×%d: [%d,%d] is %v, want %v", width, rows, cols, k, j, got, want)
			}
		}
	}
}

func gatherRandomly(t *testing.T, f *fence, width, rows int) {
	cols := 1 + f.r.IntN(width)
	src := f.slice(cols + 200)
	var runs []Run
	for at := 0; at < cols; at += 1 + f.r.IntN(cols) {
		runs = append(runs, Run{To: at, From: f.r.IntN(100)})
	}
	runs = append(runs, Run{To: cols})
	off := make([]int, rows)
	for k := range off {
		off[k] = f.r.IntN(101)
	}
	all := NewOffsets(append([]int{7, 3}, off...))
	dst := f.slice(rows*width + f.r.IntN(2)*width)
	Gather(dst, width, src, &all, 2, rows, runs)
	for k, o := range off {
		for r, run := range runs[:len(runs)-1] {
			end := runs[r+1].To
			if got, want := dst[k*width+run.To:k*width+end], src[o+run.From:][:end-run.To]; !slices.Equal(got, want) {
				t.Fatalf("row %d of %d, run %d of %d: %v, want %v", k, rows, r, len(runs), got, want)
			}
		}
	}
}
