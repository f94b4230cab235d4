package transport

import (
	"encoding/binary"
	"math"
)

// IEEE 754 half precision: 11 bits of significand, 2^-14 to 65504, and below that steps of 2^-24. The encoder takes half
// the time of github.com/x448/float16's, which makes an infinity of what is too large.

const (
	halfInfinity = 0x7c00
	halfMax      = 0x7bff // 65504
)

// half rounds to the nearest half, and to the even one of two. What is too large becomes the largest; what is not finite
// becomes an infinity.
func half(v float32) uint16 {
	const (
		sign     = 1 << 31
		tooLarge = 0x477ff000 // 65520, which is nearer to 2^16 than to 65504
		smallest = 0x38800000 // 2^-14, the smallest normal half
	)
	bits := math.Float32bits(v)
	h := uint16(bits & sign >> 16)
	switch bits &^= sign; {
	case bits >= 0x7f800000:
		return h | halfInfinity
	case bits >= tooLarge:
		return h | halfMax
	case bits < smallest:
		// The steps of a float32 from 0.5 on are 2^-24, so the sum rounds as it has to.
		return h | uint16(math.Float32bits(math.Float32frombits(bits)+0.5)-0x3f000000)
	}
	bits += 0xfff + bits>>13&1 // rounds; a carry goes into the exponent
	return h | uint16((bits-(127-15)<<23)>>13)
}

// single is the value of a half that is finite.
func single(h uint16) float32 {
	const expand = 0x1p112 // 2^(127-15): as a float32, the half's exponent is that much too small
	// The product is exact, for subnormals too.
	return math.Float32frombits(uint32(h&0x8000)<<16|uint32(h&0x7fff)<<13) * expand
}

func halves(values []float32) []byte {
	b := make([]byte, 2*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint16(b[2*i:], half(v))
	}
	return b
}

// floatsOfHalves returns the values that have travelled, and the index of the first that is not finite, or -1.
func floatsOfHalves(b []byte) (values []float32, notFinite int) {
	values = make([]float32, len(b)/2)
	for i := range values {
		h := binary.LittleEndian.Uint16(b[2*i:])
		if h&halfInfinity == halfInfinity {
			return nil, i
		}
		values[i] = single(h)
	}
	return values, -1
}
