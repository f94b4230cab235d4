//go:build !amd64 && !arm && !arm64

package f32

// Elsewhere than on amd64 and ARM rows are copied by Go.
var rowKernels [isaCount]bool

func copyRows(isa, *float32, *float32, int, int, int, int) {
	panic("f32: no assembly that copies rows for this architecture")
}

func alternateRows(isa, *float32, *float32, int, int, int, int) {
	panic("f32: no assembly that copies rows for this architecture")
}
