package f32

import "golang.org/x/sys/cpu"

// multipliesHalves says that the processor computes in half precision (FEAT_FP16): a
// Cortex-A55 or A76 (Pi 5) does, an A53 or A72 (Pi 3, 4) does not.
var multipliesHalves = cpu.ARM64.HasASIMDHP

//go:noescape
func stripsHalfNEON(s *strips)

//go:noescape
func strips8HalfNEON(s *strips)

//go:noescape
func narrowHalfNEON(dst *uint16, low, high *float32, from, rows int)

//go:noescape
func narrow8HalfNEON(dst *uint16, src *float32, from, rows int)

func tileHalf(wide int, s *strips) {
	if wide == halfCols {
		stripsHalfNEON(s)
	} else {
		strips8HalfNEON(s)
	}
}

func narrowHalf(dst *uint16, wide int, src, second *float32, from, rows int) {
	if wide == halfCols {
		narrowHalfNEON(dst, src, second, from, rows)
	} else {
		narrow8HalfNEON(dst, src, from, rows)
	}
}
