//go:build !amd64 && !arm64 && !arm

package f32

func supported() []isa { return []isa{portable} }

const noKernels = "f32: no assembly for this architecture"

func affine(isa, *float32, *float32, *float32, *float32, int, int, int, float32, float32) {
	panic(noKernels)
}

func batch(isa, int, **float32, **float32, *float32, *float32, int, int, int, bool, float32, float32) {
	panic(noKernels)
}

func tile(isa, int, *strips) {
	panic(noKernels)
}

// Tiles leave out no columns, and only those of the widest are gathered by a kernel.
const partialTiles, gathersAll = false, false

var gatherRuns [isaCount]int

func gather(isa, int, *float32, *float32, *int, int, *Run, int) { panic(noKernels) }

var reducedKernels [isaCount]reducedSet

func expandHalf(isa, *float32, *uint16, int)          { panic(noKernels) }
func expandBytes(isa, *float32, *int8, *float32, int) { panic(noKernels) }

func affineHalf(isa, *float32, *uint16, *float32, int)                   { panic(noKernels) }
func affineBytes(isa, *float32, *int8, *float32, *float32, int)          { panic(noKernels) }
func halfPanels(isa, *float32, *uint16, *float32, int, int)              { panic(noKernels) }
func bytePanels(isa, *float32, *int8, *float32, *float32, int, int, int) { panic(noKernels) }
func affineIntegers(*float32, *int8, *int16, *float32, int, float32)     { panic(noKernels) }

func pack(isa, *float32, *float32, int, int, int, int) { panic(noKernels) }

var functionLanes [isaCount]int

func computes(isa, kind) bool { return false }

func function(isa, kind, *float32, *float32, *float32, int, *[4]float32, int, int) { panic(noKernels) }
