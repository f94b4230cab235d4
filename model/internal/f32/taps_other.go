//go:build !amd64 && !arm && !arm64

package f32

var tapLanes [isaCount]int

func correlate(isa, *float32, *float32, *int, *float32, int, int, float32, float32, float32) {
	panic(noKernels)
}

func maximum(isa, *float32, *float32, *int, int, int) { panic(noKernels) }
