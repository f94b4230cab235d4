package f32

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// supported lists the instruction sets of this machine, the best first.
func supported() []isa {
	var s []isa
	if cpu.X86.HasAVX512F {
		s = append(s, avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		s = append(s, avx2)
	}
	return append(s, portable)
}

//go:noescape
func affineAVX512(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)

//go:noescape
func affineAVX2(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)

//go:noescape
func batch8AVX512(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)

//go:noescape
func batch4AVX512(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)

//go:noescape
func batch4AVX2(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)

//go:noescape
func tile48AVX512(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)

//go:noescape
func tile16AVX512(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)

//go:noescape
func tile24AVX2(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)

//go:noescape
func tile8AVX2(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)

func affine(i isa, y, w, x, init *float32, cols, panels, pitch int, lo, hi float32) {
	if i == avx512 {
		affineAVX512(y, w, x, init, cols, panels, pitch, lo, hi)
	} else {
		affineAVX2(y, w, x, init, cols, panels, pitch, lo, hi)
	}
}

func batch(i isa, frames int, y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32) {
	switch {
	case frames == 1:
		out := (*float32)(unsafe.Add(unsafe.Pointer(*y), 4*row))
		if resume {
			init = out
		}
		affine(i, out, w, (*float32)(unsafe.Add(unsafe.Pointer(*x), 4*from)), init, cols, 1, 0, lo, hi)
	case i == avx2:
		batch4AVX2(y, x, w, init, row, from, cols, resume, lo, hi)
	case frames == 8:
		batch8AVX512(y, x, w, init, row, from, cols, resume, lo, hi)
	default:
		batch4AVX512(y, x, w, init, row, from, cols, resume, lo, hi)
	}
}

func tile(i isa, cols int, c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32) {
	switch {
	case i == avx512 && cols == 48:
		tile48AVX512(c, ldc, w, b, init, k, resume, lo, hi)
	case i == avx512:
		tile16AVX512(c, ldc, w, b, init, k, resume, lo, hi)
	case cols == 24:
		tile24AVX2(c, ldc, w, b, init, k, resume, lo, hi)
	default:
		tile8AVX2(c, ldc, w, b, init, k, resume, lo, hi)
	}
}
