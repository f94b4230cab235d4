package pipeline

// window remembers which ids have come, in constant memory: a bit for each of the newest windowSize ids. An id older
// than these counts as seen.
//
//	                  base                         base+windowSize
//	ids ─── seen ──────┤ one bit each               ├─── moves the window ───▶
type window struct {
	base uint64 // a multiple of 64
	bits [windowSize / 64]uint64
}

const windowSize = 1 << 16

// add reports whether the id is new, and remembers it.
func (w *window) add(id uint64) bool {
	if id < w.base {
		return false
	}
	if ahead := id - w.base; ahead >= 2*windowSize { // nothing of the old window stays
		*w = window{base: id - id%64 - windowSize + 64}
	}
	for id-w.base >= windowSize {
		*w.word(w.base) = 0
		w.base += 64
	}
	word, bit := w.word(id), uint64(1)<<(id%64)
	isNew := *word&bit == 0
	*word |= bit
	return isNew
}

// has reports whether the id has come.
func (w *window) has(id uint64) bool {
	if id < w.base {
		return true
	}
	return id-w.base < windowSize && *w.word(id)&(1<<(id%64)) != 0
}

func (w *window) word(id uint64) *uint64 { return &w.bits[id/64%uint64(len(w.bits))] }
