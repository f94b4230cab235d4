package f32

import "fmt"

// CopyRows copies rows of cols entries: those of src are from apart, those of
// dst to. Many short rows cost less here than a copy for each.
func CopyRows(dst []float32, to int, src []float32, from, rows, cols int) {
	copyRowsFor(native, dst, to, src, from, rows, cols, 1)
}

// AlternateRows is CopyRows for every other entry of src: 0, 2, 4 ...
func AlternateRows(dst []float32, to int, src []float32, from, rows, cols int) {
	copyRowsFor(native, dst, to, src, from, rows, cols, 2)
}

// copyRowsFor takes every step-th entry, step being 1 or 2.
func copyRowsFor(i isa, dst []float32, to int, src []float32, from, rows, cols, step int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	if to < 0 || from < 0 || len(dst) < (rows-1)*to+cols || len(src) < (rows-1)*from+step*(cols-1)+1 {
		panic(fmt.Sprintf("f32: %d rows of %d entries, %d apart, every %d. of %d to %d apart in %d", rows, cols, from, step, len(src), to, len(dst)))
	}
	if !rowKernels[i] {
		copyRowsGo(dst, to, src, from, rows, cols, step)
		return
	}
	for {
		n := rows
		if rows*cols > tapCall { // see callBytes
			n = max(1, tapCall/cols)
		}
		if step == 1 {
			copyRows(i, &dst[0], &src[0], to, from, n, cols)
		} else {
			alternateRows(i, &dst[0], &src[0], to, from, n, cols)
		}
		if rows -= n; rows == 0 {
			return
		}
		dst, src = dst[n*to:], src[n*from:]
	}
}

func copyRowsGo(dst []float32, to int, src []float32, from, rows, cols, step int) {
	for r := range rows {
		d, s := dst[r*to:][:cols], src[r*from:]
		if step == 1 {
			copy(d, s)
			continue
		}
		s = s[:2*cols-1]
		for k := range d {
			d[k] = s[2*k]
		}
	}
}
