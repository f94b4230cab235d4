package pipeline

// window remembers which ids have come, in bounded memory. Only an id that is remembered counts as seen.
//
// Ids come nearly in order, so those near the newest are enough. An id far from the others opens an island of its own:
// one stray frame, or a peer that means harm, must not make a run's frames look as if they had come already. Where both
// islands are taken, the one with fewer ids gives way.
//
//	     the run's                          a stray's
//	─────┤ one bit for each id ├────────────┤░░░░░░░░░░├─────▶ ids
type window struct{ islands [2]island }

// windowSize is how many ids an island covers, and so how long a frame is remembered: 35 hours at 33 frames a second. It
// takes up to 512 KB, in pages that are made when they are needed.
const (
	windowSize = 1 << 22
	pageSize   = 1 << 16
)

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
		page := id - id%pageSize
		*i = island{base: page - min(page, windowSize/2)} // ids that it has overtaken may follow
	}
	i.add(id)
	return true
}

// has reports whether the id has come.
func (w *window) has(id uint64) bool { return w.islands[0].has(id) || w.islands[1].has(id) }

// newest is the highest id of the run, or 0. A stray's is none of the run's: its island has fewer ids.
func (w *window) newest() uint64 {
	if w.islands[1].ids > w.islands[0].ids {
		return w.islands[1].newest
	}
	return w.islands[0].newest
}

// remove forgets an id.
func (w *window) remove(id uint64) {
	for n := range w.islands {
		if i := &w.islands[n]; i.has(id) {
			i.page(id)[id%pageSize/64] &^= 1 << (id % 64)
		}
	}
}

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
	base   uint64 // a multiple of pageSize
	ids    uint64 // that have come since it is here; 0: it is free
	newest uint64 // the highest of them
	pages  [windowSize / pageSize]*[pageSize / 64]uint64
}

func (i *island) add(id uint64) {
	for id-i.base >= windowSize {
		i.pages[slot(i.base)] = nil
		i.base += pageSize
	}
	if i.page(id) == nil {
		i.pages[slot(id)] = new([pageSize / 64]uint64)
	}
	i.page(id)[id%pageSize/64] |= 1 << (id % 64)
	i.ids++
	i.newest = max(i.newest, id)
}

func (i *island) has(id uint64) bool {
	return id >= i.base && id-i.base < windowSize && i.page(id) != nil && i.page(id)[id%pageSize/64]&(1<<(id%64)) != 0
}

func (i *island) page(id uint64) *[pageSize / 64]uint64 { return i.pages[slot(id)] }

func slot(id uint64) uint64 { return id / pageSize % (windowSize / pageSize) }
