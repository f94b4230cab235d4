package f32

// rowKernels are the instruction sets with kernels that copy rows.
var rowKernels = [isaCount]bool{avx2: true, avx512: true}

//go:noescape
func copyRowsAVX512(dst, src *float32, to, from, rows, cols int)

//go:noescape
func copyRowsAVX2(dst, src *float32, to, from, rows, cols int)

//go:noescape
func alternateRowsAVX512(dst, src *float32, to, from, rows, cols int)

//go:noescape
func alternateRowsAVX2(dst, src *float32, to, from, rows, cols int)

func copyRows(i isa, dst, src *float32, to, from, rows, cols int) {
	if i == avx512 {
		copyRowsAVX512(dst, src, to, from, rows, cols)
	} else {
		copyRowsAVX2(dst, src, to, from, rows, cols)
	}
}

func alternateRows(i isa, dst, src *float32, to, from, rows, cols int) {
	if i == avx512 {
		alternateRowsAVX512(dst, src, to, from, rows, cols)
	} else {
		alternateRowsAVX2(dst, src, to, from, rows, cols)
	}
}
