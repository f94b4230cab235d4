package transport

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Values travel as little-endian float32. On a little-endian machine, which every Pi is, that is how they lie in memory,
// and they are not copied: copying and collecting the copies was a third of what a frame cost.

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// bytesOf returns the values as they travel. The bytes may be the values' own memory.
func bytesOf(values []float32) []byte {
	if littleEndian {
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
	}
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// floatsOf returns the values that have travelled. They may be the bytes' own memory.
func floatsOf(b []byte) []float32 {
	if p := unsafe.Pointer(unsafe.SliceData(b)); littleEndian && uintptr(p)%unsafe.Alignof(float32(0)) == 0 {
		return unsafe.Slice((*float32)(p), len(b)/4)
	}
	values := make([]float32, len(b)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return values
}

// notFinite returns the index of the first NaN or infinity, or -1.
func notFinite(values []float32) int {
	const exponent = 0x7f800000 // all ones in both
	for i, v := range values {
		if math.Float32bits(v)&exponent == exponent {
			return i
		}
	}
	return -1
}
