package pipeline

// window remembers which ids have come, in constant memory. Only an id that is remembered counts as seen.
//
// Ids come nearly in order, so those near the newest are enough. An id far from the others opens an island of its own:
// one stray frame, or a peer that means harm, must not make a run's frames look as if they had come already. Where both
// islands are taken, the one with fewer ids gives way.
//
//	     the run's                          a stray's
//	─────┤ one bit for each id ├────────────┤░░░░░░░░░░├─────▶ ids
type window struct{ islands [2]island }

// windowSize is how many ids an island covers, and so how far out of order a frame may come and still be told from
// another copy of itself.
const windowSize = 1 << 16

// add reports whether the id is new, and remembers it.
func (w *window) add(id uint64) bool {
	if w.has(id) {
		return false
	}
	i := w.near(id)
	if i == nil {
		if i = &w.islands[0]; w.islands[1].ids < i.ids {
			i = &w.islands[1]
		}
		*i = island{base: id - id%64 - min(id-id%64, windowSize/2)} // ids that it has overtaken may follow
	}
	i.add(id)
	return true
}

// has reports whether the id has come.
func (w *window) has(id uint64) bool { return w.islands[0].has(id) || w.islands[1].has(id) }

// near returns the island that covers the id, or that moves on to cover it.
func (w *window) near(id uint64) *island {
	for n := range w.islands {
		if i := &w.islands[n]; i.ids > 0 && id >= i.base && id-i.base < 2*windowSize {
			return i
		}
	}
	return nil
}

// island is a bit for each of windowSize ids; it moves on with the newest.
type island struct {
	base uint64 // a multiple of 64
	ids  uint64 // that have come since it is here; 0: it is free
	bits [windowSize / 64]uint64
}

func (i *island) add(id uint64) {
	for id-i.base >= windowSize {
		*i.word(i.base) = 0
		i.base += 64
	}
	*i.word(id) |= 1 << (id % 64)
	i.ids++
}

func (i *island) has(id uint64) bool {
	return id >= i.base && id-i.base < windowSize && *i.word(id)&(1<<(id%64)) != 0
}

func (i *island) word(id uint64) *uint64 { return &i.bits[id/64%uint64(len(i.bits))] }
