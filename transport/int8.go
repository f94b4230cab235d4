package transport

import "math"

// One byte a value, with an offset and a scale for each tensor: the 256 codes are spread evenly from its smallest value to
// its largest. Codes that are symmetric about 0 would waste half of them on activations, which a ReLU leaves with no
// negative values; see TestWireFormatsKeepTheOutputs for both.

// quantize encodes the values as as many bytes: a byte b stands for offset + scale·b.
func quantize(b []byte, values []float32) (scale, offset float32) {
	if notFinite(values) >= 0 || len(values) == 0 {
		return float32(math.NaN()), 0
	}
	low, high := values[0], values[0]
	for _, v := range values { // slices.Min and Max take four times as long, for NaN
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	// In float64, as the difference may be too large for float32.
	scale = float32((float64(high) - float64(low)) / 255)
	if scale == 0 { // all values are the same, or very nearly
		scale = math.SmallestNonzeroFloat32
	}
	from, inverse := float64(low), 1/float64(scale)
	for i, v := range values {
		b[i] = byte(min(int32((float64(v)-from)*inverse+0.5), 255))
	}
	return scale, low
}

// dequantize decodes. The largest value may have been rounded up beyond the largest float32.
func dequantize(values []float32, b []byte, scale, offset float64) {
	var table [256]float32
	for i := range table {
		table[i] = float32(max(-math.MaxFloat32, min(math.MaxFloat32, offset+scale*float64(i))))
	}
	for i, c := range b {
		values[i] = table[c]
	}
}
