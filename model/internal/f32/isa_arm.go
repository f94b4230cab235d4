package f32

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// supported lists the instruction sets of this machine, the best first. A
// GOARM=6 build finds NEON, too, where there is some.
func supported() []isa {
	if cpu.ARM.HasNEON {
		return []isa{neon32, portable}
	}
	return []isa{portable}
}

//go:noescape
func affineNEON(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)

//go:noescape
func batch4NEON(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)

//go:noescape
func strips8NEON(s *strips)

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

func tile(_ isa, _ int, s *strips) { strips8NEON(s) }

//go:noescape
func gatherNEON(dst, src *float32, off *int, rows int, runs *Run, count int)

// Tiles leave out no columns, and only those of the widest are gathered by a kernel.
const partialTiles, gathersAll = false, false

// gatherRuns is of how many runs the kernel puts a row together.
var gatherRuns = [isaCount]int{neon32: 3}

func gather(_ isa, _ int, dst, src *float32, off *int, rows int, runs *Run, count int) {
	gatherNEON(dst, src, off, rows, runs, count)
}

//go:noescape
func packNEON(dst, src *float32, each, from, rows, tiles int)

func pack(_ isa, dst, src *float32, each, from, rows, tiles int) {
	packNEON(dst, src, each, from, rows, tiles)
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
func affineIntegers(y *float32, w *int8, x *int16, scales *float32, cols int, step float32)

//go:noescape
func affineHalfNEON(y *float32, w *uint16, x *float32, cols int)

func affineHalf(_ isa, y *float32, w *uint16, x *float32, cols int) { affineHalfNEON(y, w, x, cols) }

func halfPanels(isa, *float32, *uint16, *float32, int, int) { panic("f32: no such kernel") }

func bytePanels(isa, *float32, *int8, *float32, *float32, int, int, int) {
	panic("f32: no such kernel")
}

func affineBytes(isa, *float32, *int8, *float32, *float32, int) { panic("f32: no such kernel") }

// NEON converts half precision from VFPv4 on.
var reducedKernels = [isaCount]reducedSet{neon32: {expand: cpu.ARM.HasVFPv4, direct: cpu.ARM.HasVFPv4, integers: true}}
