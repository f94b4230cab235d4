package f32

import (
	"fmt"
	"math"
)

// Sliding is a square window over planes of H×W, with Top rows and Left columns
// of padding before them and as much behind as the OH×OW results ask for.
type Sliding struct{ H, W, Kernel, Stride, Top, Left, OH, OW int }

// Window is such a window, for planes that it slides over one by one, as those of
// depthwise convolutions and of pools do. It takes a plane as it is, without
// padding written around it, and reads each row of it once.
type Window struct {
	Sliding
	kind   slideKind
	isa    isa
	strips []strip
	// A plane's first rows are entry, entry+1 ... of the first window. The plane
	// itself finishes main rows of results, and the padding behind it rest more, to
	// which an extra row of the plane belongs.
	entry, main, rest, extra int
	// Vectors reach beyond the plane by so many floats, whose values do not matter.
	before, behind int
	narrow         int // room for rows of results that are less than a vector; 0: they are not, or a part of one can be stored
	past           int // how many floats behind the plane are overwritten where rows of results are less than a vector
}

// strip is some columns of the results: n vectors from column x on.
type strip struct {
	n, x  int
	masks []uint32 // for each tap of a row but the middle one: what is not padding; on AVX-512 also what is stored
}

// slideCall is what the assembly is told.
type slideCall struct {
	y, x, w                  *float32
	masks                    *uint32
	pitch, yPitch            int // bytes
	entry, main, extra, rest int
	lo, hi, bias             float32
	following                int // bytes to the plane behind, whose rows are fetched: AVX2. It stands last, as ARM's kernels have the places of the others
}

// slideKind is what a kernel is for.
type slideKind struct {
	largest        bool // not the sum
	kernel, stride int
}

// NewSum makes a window for Sum, NewLargest one for Largest; nil: there is no
// kernel for it on this machine.
func NewSum(s Sliding) *Window     { return newWindow(native, s, false) }
func NewLargest(s Sliding) *Window { return newWindow(native, s, true) }

func newWindow(i isa, s Sliding, largest bool) *Window {
	kind := slideKind{largest, s.Kernel, s.Stride}
	lanes, most := slideLanes[i], slideWidest[i][kind]
	if lanes == 0 || most == 0 || s.Top < 0 || s.Top > s.Kernel-s.Stride || s.H+s.Top < s.Kernel {
		return nil
	}
	d := &Window{Sliding: s, kind: kind, isa: i, entry: s.Top}
	d.main = min(s.OH, (s.H+s.Top-s.Kernel)/s.Stride+1)
	d.rest = s.OH - d.main
	rows := s.Stride*d.main + s.Kernel - s.Stride - s.Top
	if d.rest > 0 && rows < s.H {
		d.extra = 1
	}
	if d.main < 1 || d.rest > s.Kernel/2 {
		return nil
	}
	vectors := (s.OW + lanes - 1) / lanes
	count := (vectors + most - 1) / most
	ok := d.cut(vectors, count)
	if !ok && count == 1 && vectors > 1 { // where two strips may overlap
		ok = d.cut(vectors, 2)
	}
	if !ok {
		return nil
	}
	for _, strip := range d.strips {
		from := s.Stride*strip.x - s.Left
		reach := (rows+d.extra-1)*s.W + from + s.Stride*strip.n*lanes + s.Kernel
		d.before, d.behind = max(d.before, -from), max(d.behind, reach-s.H*s.W)
	}
	if s.OW < lanes && i != avx512 {
		d.narrow, d.past = s.OH*lanes, lanes-s.OW
	}
	return d
}

// cut makes so many strips of the vectors that a row of results has. It is not ok
// if kernels have no masks for the padding in them, or if they would write beyond a row
// that has a vector and more.
func (d *Window) cut(vectors, count int) (ok bool) {
	d.strips = nil
	lanes := slideLanes[d.isa]
	for k, x := 0, 0; k < count; k++ {
		n := (vectors + count - 1 - k) / count // the first ones are wider
		x = max(0, min(x, d.OW-n*lanes))       // the last ones overlap, if need be
		masks, ok := d.masks(d.isa, x, n)
		if !ok || n > 1 && n*lanes > d.OW && d.isa != avx512 {
			return false
		}
		d.strips = append(d.strips, strip{n: n, x: x, masks: masks})
		x += n * lanes
	}
	return true
}

// masks says what is padding in n vectors of results from column x on: for taps
// left of the middle in the first vector, for those right of it in the last one.
// It is not ok if there is padding elsewhere. Results beyond the last do not
// matter.
func (s Sliding) masks(i isa, x, n int) (masks []uint32, ok bool) {
	lanes, middle := slideLanes[i], (s.Kernel-1)/2
	for kx := range s.Kernel {
		mask := make([]uint32, lanes)
		for j := range min(n*lanes, s.OW-x) {
			col := s.Stride*(x+j) + kx - s.Left
			inside := col >= 0 && col < s.W
			switch {
			case kx < middle && j < lanes, kx > middle && j >= (n-1)*lanes:
				if inside {
					mask[s.lane(i, j%lanes)] = math.MaxUint32
				}
			case !inside:
				return nil, false
			}
		}
		switch {
		case kx == middle:
		case i == avx512:
			masks = append(masks, bits(mask))
		default:
			masks = append(masks, mask...)
		}
	}
	if i == avx512 {
		masks = append(masks, 1<<(min(n*lanes, s.OW-x)-(n-1)*lanes)-1) // the results of the last vector
	}
	if (i == neon64 || i == neon32) && s.Kernel == 3 && s.Stride == 2 {
		// The first tap has one input that the others do not have; its mask is for that.
		for j := range lanes {
			if j > 0 && j < s.OW-x && masks[j] == 0 {
				return nil, false
			}
			masks[j] = masks[0]
		}
	}
	return masks, true
}

// bits is a mask as registers for masks have it.
func bits(mask []uint32) (b uint32) {
	for j, m := range mask {
		b |= m & 1 << j
	}
	return b
}

// lane is where result j is in a vector: see package asm.
func (s Sliding) lane(i isa, j int) int {
	if s.Stride == 2 && i == avx2 {
		return [...]int{0, 1, 4, 5, 2, 3, 6, 7}[j]
	}
	return j
}

// Scratch is the length of the scratch that Sum and Largest need.
func (d *Window) Scratch() int { return d.before + d.H*d.W + d.behind + d.narrow }

// Past is how many entries Sum and Largest would like y to have behind the plane, which they overwrite: narrow rows are stored
// as whole vectors then, each over what the one before has left.
func (d *Window) Past() int { return d.past }

// Sum computes y, a plane of results, from the plane of x that begins at entry
// at: the sums of the inputs in each window, times w, with the bias added and
// bounded by c. y must not overlap x; it is of the plane's length, or longer by Past.
func (d *Window) Sum(y, x []float32, at int, w []float32, bias float32, c Clamp, scratch []float32) {
	if len(w) != d.Kernel*d.Kernel {
		panic(fmt.Sprintf("f32: %d weights for a window of %d×%[2]d", len(w), d.Kernel))
	}
	d.slide(y, x, at, scratch, slideCall{w: &w[0], bias: bias, lo: c.Min, hi: c.Max})
}

// Largest is Sum for the largest of the inputs in each window, which is NaN where
// one of them is; padding is less than any.
func (d *Window) Largest(y, x []float32, at int, scratch []float32) {
	d.slide(y, x, at, scratch, slideCall{bias: float32(math.Inf(-1))})
}

func (d *Window) slide(y, x []float32, at int, scratch []float32, call slideCall) {
	size := d.H * d.W
	scratch = scratch[:d.Scratch()]
	past := len(y) - d.OH*d.OW
	if past != 0 && past != d.past || at < 0 || at > len(x)-size {
		panic(fmt.Sprintf("f32: a window from entry %d of %d on, %d results", at, len(x), len(y)))
	}
	if at < d.before || at+size+d.behind > len(x) { // the first and the last plane
		copy(scratch[d.before:], x[at:at+size])
		x, at = scratch, d.before
	}
	call.pitch, call.yPitch, call.following = 4*d.W, 4*d.OW, 4*size
	call.entry, call.main, call.extra, call.rest = d.entry, d.main, d.extra, d.rest
	if n := d.narrow; n > 0 && past == 0 {
		sums := scratch[len(scratch)-n:]
		call.y, call.x, call.masks = &sums[0], &x[at-d.Left], &d.strips[0].masks[0]
		call.yPitch = 4 * slideLanes[d.isa]
		slide(d.isa, d.kind, 1, &call)
		CopyRows(y, d.OW, sums, slideLanes[d.isa], d.OH, d.OW)
		return
	}
	for i := range d.strips {
		s := &d.strips[i]
		call.y, call.x, call.masks = &y[s.x], &x[at+d.Stride*s.x-d.Left], &s.masks[0]
		slide(d.isa, d.kind, s.n, &call)
	}
}
