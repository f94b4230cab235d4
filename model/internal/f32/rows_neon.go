//go:build arm || arm64

package f32

// rowKernels are the instruction sets with kernels that copy rows.
var rowKernels = [isaCount]bool{neon32: true, neon64: true}

//go:noescape
func copyRowsNEON(dst, src *float32, to, from, rows, cols int)

//go:noescape
func alternateRowsNEON(dst, src *float32, to, from, rows, cols int)

func copyRows(_ isa, dst, src *float32, to, from, rows, cols int) {
	copyRowsNEON(dst, src, to, from, rows, cols)
}

func alternateRows(_ isa, dst, src *float32, to, from, rows, cols int) {
	alternateRowsNEON(dst, src, to, from, rows, cols)
}
