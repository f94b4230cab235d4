package f32

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// supported lists the instruction sets of this machine, the best first. Every
// arm64 has NEON.
func supported() []isa { return []isa{neon64, portable} }

//go:noescape
func affineNEON(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)

//go:noescape
func batch4NEON(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)

//go:noescape
func strips12NEON(s *strips)

//go:noescape
func strips4NEON(s *strips)

//go:noescape
func gatherNEON(dst, src *float32, off *int, rows int, runs *Run, count int)

// Tiles leave out no columns, and only those of the widest are gathered by a kernel.
const partialTiles, gathersAll = false, false

// gatherRuns is of how many runs the kernel puts a row together.
var gatherRuns = [isaCount]int{neon64: 3}

func gather(_ isa, _ int, dst, src *float32, off *int, rows int, runs *Run, count int) {
	gatherNEON(dst, src, off, rows, runs, count)
}

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

func tile(_ isa, cols int, s *strips) {
	if cols == 12 {
		s.halves = loadsHalves
		strips12NEON(s)
	} else {
		strips4NEON(s)
	}
}

//go:noescape
func expandHalfNEON(dst *float32, src *uint16, n int)

//go:noescape
func expandBytesNEON(dst *float32, src *int8, scales *float32, cols int)

func expandHalf(_ isa, dst *float32, src *uint16, n int) { expandHalfNEON(dst, src, n) }

func expandBytes(_ isa, dst *float32, src *int8, scales *float32, cols int) {
	expandBytesNEON(dst, src, scales, cols)
}

//go:noescape
func affineIntegersNEON(y *float32, w *int8, x *int16, scales *float32, cols int, step float32)

//go:noescape
func affineDotNEON(y *float32, w *int8, x *int16, scales *float32, cols int, step float32)

// dotsBytes says that the processor has dot products of bytes (FEAT_DotProd), as a
// Cortex-A76 does. What comes of them is the same to the last bit.
var dotsBytes = cpu.ARM64.HasASIMDDP

func affineIntegers(y *float32, w *int8, x *int16, scales *float32, cols int, step float32) {
	if dotsBytes {
		affineDotNEON(y, w, x, scales, cols, step)
	} else {
		affineIntegersNEON(y, w, x, scales, cols, step)
	}
}

//go:noescape
func affineHalfNEON(y *float32, w *uint16, x *float32, cols int)

func affineHalf(_ isa, y *float32, w *uint16, x *float32, cols int) { affineHalfNEON(y, w, x, cols) }

func halfPanels(isa, *float32, *uint16, *float32, int, int) { panic("f32: no such kernel") }

func bytePanels(isa, *float32, *int8, *float32, *float32, int, int, int) {
	panic("f32: no such kernel")
}

func affineBytes(isa, *float32, *int8, *float32, *float32, int) { panic("f32: no such kernel") }

var reducedKernels = [isaCount]reducedSet{neon64: {expand: true, direct: true, integers: true}}

//go:noescape
func packNEON(dst, src *float32, each, from, rows, tiles int)

func pack(_ isa, dst, src *float32, each, from, rows, tiles int) {
	packNEON(dst, src, each, from, rows, tiles)
}
