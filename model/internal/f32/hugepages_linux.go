package f32

import (
	"syscall"
	"unsafe"
)

// huge asks for 2 MB pages under the part of s that fills them, before it is
// first touched: streaming 16 MB of weights through 4 KB pages costs a tenth of
// the time in address translation. A kernel that has none says so, no matter.
func huge(s []float32) {
	const size = 2 << 20
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), 4*len(s))
	skip := int(-uintptr(unsafe.Pointer(&s[0])) % size)
	if len(bytes) < skip+size {
		return
	}
	bytes = bytes[skip:]
	_ = syscall.Madvise(bytes[:len(bytes)/size*size], 14) // MADV_HUGEPAGE
}
