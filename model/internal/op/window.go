package op

import (
	"slices"

	"tandem/model/internal/f32"
)

// window is what convolutions and pools have in common: a small window that
// slides over the planes (channels) of a frame.
//
// Before it is used a plane is prepared: the padding is written out, and where
// the stride is more than 1, rows and columns that the stride keeps apart are
// separated. Then the inputs of neighbouring outputs are neighbours, too, for
// every element ("tap") of the window, whatever the stride, padding and
// dilation:
//
//	      stride 2, window 3                        phase 0           phase 1
//	x:  . 1 2 3 4 5 .    (. is padding)   ──▶   . 2 4 .           1 3 5 _
//	    └─0─┘                                   └ tap 0 of outputs 0, 1, 2
//	        └─1─┘                                 └ tap 2          └ tap 1
//	            └─2─┘
//
// So tap t of output (oy, ox) is at taps[t] + oy*pw + ox of the prepared plane.
type window struct {
	h, w     int // of the input
	kernel   [2]int
	stride   [2]int
	dilation [2]int
	before   [2]int // padding at the top and on the left
	oh, ow   int    // of the output

	// Computed when it is loaded:
	rows, cols []phase // those that are used
	ph, pw     int     // of a phase in the prepared plane
	taps       []int
}

// phase is which rows, or which columns, of one of the phases are of the plane: the
// others are padding. The first one is row (or column) at of the plane.
type phase struct{ first, last, at int }

// settled is the window with what follows from the attributes.
func (g window) settled() window {
	rows, cols := g.phases(0), g.phases(1)
	g.ph = (g.kernel[0]-1)*g.dilation[0]/g.stride[0] + g.oh
	g.pw = (g.kernel[1]-1)*g.dilation[1]/g.stride[1] + g.ow
	for ky := range g.kernel[0] {
		for kx := range g.kernel[1] {
			y, x := ky*g.dilation[0], kx*g.dilation[1]
			row := slices.Index(rows, y%g.stride[0])
			col := slices.Index(cols, x%g.stride[1])
			g.taps = append(g.taps, (row*len(cols)+col)*g.ph*g.pw+y/g.stride[0]*g.pw+x/g.stride[1])
		}
	}
	g.rows, g.cols = g.bounds(0, rows), g.bounds(1, cols)
	return g
}

// phases lists which of the rows (or columns) 0..stride-1 a window touches.
func (g *window) phases(axis int) []int {
	var p []int
	for k := range g.kernel[axis] {
		if phase := k * g.dilation[axis] % g.stride[axis]; !slices.Contains(p, phase) {
			p = append(p, phase)
		}
		if len(p) == g.stride[axis] {
			break
		}
	}
	slices.Sort(p)
	return p
}

// elements is how many inputs a window has.
func (g *window) elements() int { return g.kernel[0] * g.kernel[1] }

// plane is the size of a prepared plane.
func (g *window) plane() int { return len(g.rows) * len(g.cols) * g.ph * g.pw }

// ready says that planes need no preparing.
func (g *window) ready() bool {
	return len(g.rows) == 1 && len(g.cols) == 1 && g.stride == [2]int{1, 1} && g.before == [2]int{} && g.ph == g.h && g.pw == g.w
}

// bounds is what of each phase p is of the plane.
func (g *window) bounds(axis int, phases []int) (of []phase) {
	size, count := g.h, g.ph
	if axis == 1 {
		size, count = g.w, g.pw
	}
	for _, p := range phases {
		// Of p + i stride - before, those in [0, size).
		first := min(count, ceil(max(0, g.before[axis]-p), g.stride[axis]))
		last := max(first, min(count, ceil(max(0, size+g.before[axis]-p), g.stride[axis])))
		of = append(of, phase{first, last, p + first*g.stride[axis] - g.before[axis]})
	}
	return of
}

// frame writes the padding of a prepared plane. It stays as it is while inner
// writes one plane after another.
func (g *window) frame(dst []float32, pad float32) {
	for _, row := range g.rows {
		for _, col := range g.cols {
			plane := dst[:g.ph*g.pw]
			dst = dst[len(plane):]
			begin, end := row.first*g.pw, row.last*g.pw
			fill(plane[:begin], pad)
			for x := range g.pw {
				if x >= col.first && x < col.last {
					continue
				}
				for at := begin + x; at < end; at += g.pw {
					plane[at] = pad
				}
			}
			fill(plane[end:], pad)
		}
	}
}

// inner writes plane src inside the padding.
func (g *window) inner(dst, src []float32) {
	for r, row := range g.rows {
		for c, col := range g.cols {
			rows, cols := row.last-row.first, col.last-col.first
			if rows == 0 || cols == 0 {
				continue
			}
			to := dst[(r*len(g.cols)+c)*g.ph*g.pw+row.first*g.pw+col.first:]
			from := src[row.at*g.w+col.at:]
			switch g.stride[1] {
			case 1:
				f32.CopyRows(to, g.pw, from, g.stride[0]*g.w, rows, cols)
			case 2:
				f32.AlternateRows(to, g.pw, from, g.stride[0]*g.w, rows, cols)
			default:
				for i := range rows {
					for j := range cols {
						to[i*g.pw+j] = from[i*g.stride[0]*g.w+j*g.stride[1]]
					}
				}
			}
		}
	}
}

// ceil is a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }
