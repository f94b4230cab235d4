package pipeline

import "sync"

// Buffer bounds the bytes of the frames that wait on a node to leave it.
//
//	Take ──▶ moving: at a hop, or in flight ──▶ Release
//	                        │ accepted by a node that may lose it
//	                        └──▶ kept ──▶ forget
//
// Where nothing moves one frame may, however large it is and however much is kept: its answer tells what can be forgotten.
// So a sender that waits for a place always gets one. It may be used by several goroutines.
type Buffer struct {
	limit int
	full  func()        // called when a frame finds no place
	freed chan struct{} // holds one when there may be a place again

	mu           sync.Mutex
	moving, kept int
}

// NewBuffer makes a buffer of so many bytes; 0: it has no bound. full is told once, when a frame first finds no place.
func NewBuffer(bytes int, full func()) *Buffer {
	return &Buffer{limit: bytes, full: sync.OnceFunc(full), freed: make(chan struct{}, 1)}
}

// Take takes a place for a frame, and reports whether there was one.
func (b *Buffer) Take(f *Frame) bool {
	b.mu.Lock()
	n := f.bytes()
	room := b.limit == 0 || b.moving == 0 || n <= b.limit-b.moving-b.kept
	if room {
		b.moving += n
	}
	b.mu.Unlock()
	if !room {
		b.full()
	}
	return room
}

// Freed brings word after a frame has found no place, when it is worth another try. One goroutine may wait for it.
func (b *Buffer) Freed() <-chan struct{} { return b.freed }

// Release gives back the places of frames that need none any more.
func (b *Buffer) Release(frames ...Frame) { b.change(frames, -1, 0) }

// keep turns the places of frames that were on their way into those of frames that are kept.
func (b *Buffer) keep(frames ...Frame) { b.change(frames, -1, 1) }

// forget gives back the places of frames that were kept.
func (b *Buffer) forget(frames ...Frame) { b.change(frames, 0, -1) }

func (b *Buffer) change(frames []Frame, moving, kept int) {
	n := 0
	for i := range frames {
		n += frames[i].bytes()
	}
	b.mu.Lock()
	b.moving, b.kept = b.moving+moving*n, b.kept+kept*n
	b.mu.Unlock()
	select {
	case b.freed <- struct{}{}:
	default: // word is on the way already
	}
}
