//go:build !amd64 && !arm && !arm64

package f32

// There are kernels that slide a window over a plane for amd64, arm and arm64.
var (
	slideLanes  [isaCount]int
	slideWidest [isaCount]map[slideKind]int
)

func slide(isa, slideKind, int, *slideCall) {
	panic("f32: no kernels that slide over a plane for this architecture")
}
