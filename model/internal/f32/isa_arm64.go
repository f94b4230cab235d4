package f32

import "unsafe"

// supported lists the instruction sets of this machine, the best first. Every
// arm64 has NEON.
func supported() []isa { return []isa{neon64, portable} }

//go:noescape
func affineNEON(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)

//go:noescape
func batch4NEON(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)

//go:noescape
func tile12NEON(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)

//go:noescape
func tile4NEON(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)

func affine(_ isa, y, w, x, init *float32, cols, panels, pitch int, lo, hi float32) {
	affineNEON(y, w, x, init, cols, panels, pitch, lo, hi)
}

func batch(_ isa, frames int, y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32) {
	if frames == 1 {
		out := (*float32)(unsafe.Add(unsafe.Pointer(*y), 4*row))
		if resume {
			init = out
		}
		affineNEON(out, w, (*float32)(unsafe.Add(unsafe.Pointer(*x), 4*from)), init, cols, 1, 0, lo, hi)
		return
	}
	batch4NEON(y, x, w, init, row, from, cols, resume, lo, hi)
}

func tile(_ isa, cols int, c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32) {
	if cols == 12 {
		tile12NEON(c, ldc, w, b, init, k, resume, lo, hi)
	} else {
		tile4NEON(c, ldc, w, b, init, k, resume, lo, hi)
	}
}
