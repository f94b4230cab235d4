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
	b, _ := binary.Append(nil, binary.LittleEndian, values) // it knows their size
	return b
}

// floatsOf returns the values that have travelled. They may be the bytes' own memory.
func floatsOf(b []byte) []float32 {
	if p := unsafe.Pointer(unsafe.SliceData(b)); littleEndian && uintptr(p)%unsafe.Alignof(float32(0)) == 0 {
		return unsafe.Slice((*float32)(p), len(b)/4)
	}
	values := make([]float32, len(b)/4)
	_, _ = binary.Decode(b, binary.LittleEndian, values) // there are as many
	return values
}

// notFinite returns the index of the first NaN or infinity, or -1.
func notFinite(values []float32) int {
	const exponent = 0x7f800000 // all ones in both
	for i, v := range values {  // slices.IndexFunc takes several times as long
		if math.Float32bits(v)&exponent == exponent {
			return i
		}
	}
	return -1
}
