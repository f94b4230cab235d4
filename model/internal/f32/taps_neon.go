//go:build arm || arm64

package f32

// tapLanes is how many results the kernels below make at a time; n is a multiple
// of it.
var tapLanes = [isaCount]int{neon32: 4, neon64: 4}

//go:noescape
func correlateNEON(y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32)

//go:noescape
func maximumNEON(y, x *float32, off *int, taps, n int)

func correlate(_ isa, y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32) {
	correlateNEON(y, x, off, w, taps, n, bias, lo, hi)
}

func maximum(_ isa, y, x *float32, off *int, taps, n int) { maximumNEON(y, x, off, taps, n) }

// functionLanes is how many numbers a kernel of a function takes at a time.
var functionLanes = [isaCount]int{neon32: 4, neon64: 4}

// computes says whether there is a kernel for a kind: armv7 cannot divide vectors.
func computes(i isa, k kind) bool { return i != neon32 || k != division }
