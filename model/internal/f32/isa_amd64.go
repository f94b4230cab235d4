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

// The kernels are in kernels_amd64.s, which package asm writes.

// rowKernels are the instruction sets with kernels that copy rows.
var rowKernels = [isaCount]bool{avx2: true, avx512: true}

// partialTiles says that a tile can leave out columns, that of AVX-512, and gathersAll
// that there are kernels that gather the columns of each tile, not only of the widest.
const partialTiles, gathersAll = true, true

// gatherRuns is of how many runs the kernel puts a row together.
var gatherRuns = [isaCount]int{avx2: MaxRuns, avx512: MaxRuns}

var reducedKernels = [isaCount]reducedSet{
	avx2:   {expand: true, direct: true, integers: true, halves: 4},
	avx512: {expand: true, direct: true, halves: 4, bytes: 4},
}

// tapLanes is how many results correlate and maximum make at a time; n is a
// multiple of it.
var tapLanes = [isaCount]int{avx2: 8, avx512: 16}

func batch(i isa, frames int, y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32) {
	switch frames {
	case 1:
		out := (*float32)(unsafe.Add(unsafe.Pointer(*y), 4*row))
		if resume {
			init = out
		}
		affine(i, out, w, (*float32)(unsafe.Add(unsafe.Pointer(*x), 4*from)), init, cols, 1, 0, lo, hi)
	case 4:
		batch4(i, y, x, w, init, row, from, cols, resume, lo, hi)
	case 6:
		batch6AVX2(y, x, w, init, row, from, cols, resume, lo, hi)
	default:
		batch8AVX512(y, x, w, init, row, from, cols, resume, lo, hi)
	}
}

// gather has a kernel for each width of a tile, which are different ones for each
// instruction set.
func gather(_ isa, width int, dst, src *float32, off *int, rows int, runs *Run, count int) {
	switch width {
	case 48:
		gather48AVX512(dst, src, off, rows, runs, count)
	case 32:
		gather32AVX512(dst, src, off, rows, runs, count)
	case 16:
		gather16AVX512(dst, src, off, rows, runs, count)
	case 24:
		gather24AVX2(dst, src, off, rows, runs, count)
	default:
		gather8AVX2(dst, src, off, rows, runs, count)
	}
}

func tile(i isa, cols int, s *strips) {
	switch {
	case i == avx512 && cols == 48:
		strips48AVX512(s)
	case i == avx512 && cols == 32:
		strips32AVX512(s)
	case i == avx512:
		strips16AVX512(s)
	case cols == 24:
		strips24AVX2(s)
	default:
		strips8AVX2(s)
	}
}

// Bytes are multiplied with integers on AVX2, and as float32s on AVX-512.

func affineIntegers(y *float32, w *int8, x *int16, scales *float32, cols int, step float32) {
	affineIntegersAVX2(y, w, x, scales, cols, step)
}

func affineBytes(_ isa, y *float32, w *int8, x, scales *float32, cols int) {
	affineBytesAVX512(y, w, x, scales, cols)
}

func bytePanels(_ isa, y *float32, w *int8, x, scales *float32, cols, pitch, scalePitch int) {
	bytePanelsAVX512(y, w, x, scales, cols, pitch, scalePitch)
}

// functionLanes is how many numbers a kernel of a function takes at a time.
var functionLanes = [isaCount]int{avx2: 8, avx512: 16}

// computes says whether there is a kernel for a kind.
func computes(isa, kind) bool { return true }
