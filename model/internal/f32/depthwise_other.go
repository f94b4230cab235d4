//go:build !arm64

package f32

// There are kernels that slide a window over a plane for arm64.
var depthwiseLanes [isaCount]int

func mostVectors(k, s int) int { return 0 }

func depthwise(_ isa, k, s, n int, c *depthwiseCall) {
	panic("f32: no kernels that slide over a plane for this architecture")
}
