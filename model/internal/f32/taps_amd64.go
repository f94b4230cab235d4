package f32

// tapLanes is how many results the kernels below make at a time; n is a multiple
// of it.
var tapLanes = [isaCount]int{avx2: 8, avx512: 16}

//go:noescape
func correlateAVX512(y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32)

//go:noescape
func correlateAVX2(y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32)

//go:noescape
func maximumAVX512(y, x *float32, off *int, taps, n int)

//go:noescape
func maximumAVX2(y, x *float32, off *int, taps, n int)

func correlate(i isa, y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32) {
	if i == avx512 {
		correlateAVX512(y, x, off, w, taps, n, bias, lo, hi)
	} else {
		correlateAVX2(y, x, off, w, taps, n, bias, lo, hi)
	}
}

func maximum(i isa, y, x *float32, off *int, taps, n int) {
	if i == avx512 {
		maximumAVX512(y, x, off, taps, n)
	} else {
		maximumAVX2(y, x, off, taps, n)
	}
}
