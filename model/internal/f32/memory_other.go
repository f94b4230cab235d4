//go:build !linux

package f32

// memory is zeros that start on a cache line.
type memory struct{ floats []float32 }

func newMemory(floats int) *memory { return &memory{floats: aligned(floats)} }

func (m *memory) free() { m.floats = nil }
