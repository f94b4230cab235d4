package f32

import (
	"runtime"
	"syscall"
	"unsafe"
)

// memory is zeros that start on a cache line. Large ones are outside of Go's
// heap: there, weights would make the collector let as much garbage gather as
// they are large, and a device has no memory for that.
type memory struct {
	floats  []float32
	mapping []byte // nil: on the heap
	cleanup runtime.Cleanup
}

// onHeap is what is small enough to stay on Go's heap.
const onHeap = 64 << 10 // bytes

func newMemory(floats int) *memory {
	if 4*floats <= onHeap {
		return &memory{floats: aligned(floats)}
	}
	room := 4 * floats
	if room >= hugePage {
		room += hugePage // to begin on one; what is never touched takes no memory
	}
	mapping, err := syscall.Mmap(-1, 0, room, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil { // no address space is left where Go may still have some
		return &memory{floats: aligned(floats)}
	}
	start := mapping
	if room > 4*floats {
		start = mapping[-uintptr(unsafe.Pointer(&mapping[0]))%hugePage:]
		huge(start[:4*floats])
	}
	m := &memory{floats: unsafe.Slice((*float32)(unsafe.Pointer(&start[0])), floats), mapping: mapping}
	m.cleanup = runtime.AddCleanup(m, unmap, mapping)
	return m
}

// free gives a mapping back at once; without it, the collector does some time.
func (m *memory) free() {
	if m.mapping != nil {
		m.cleanup.Stop()
		unmap(m.mapping)
	}
	m.floats, m.mapping = nil, nil
}

func unmap(mapping []byte) { _ = syscall.Munmap(mapping) } // it fails for what is no mapping
