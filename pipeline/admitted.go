package pipeline

import (
	"slices"
	"sync"
)

// admitted numbers the frames that a stage admits, in their order, and knows which of them are still on the node. Its
// answers tell (a selective acknowledgment, as in TCP), so that a sender that keeps what it has sent forgets exactly what
// has left, whatever the order in which frames leave and answers arrive.
//
//	0    left        here     left   here      newest
//	├──────────────┤████████├───────┤████├───────▶ numbers
type admitted struct {
	mu      sync.Mutex
	newest  uint64            // number; 0 is none, and stands for all frames that have left
	here    IDs               // numbers
	numbers map[uint64]uint64 // of the frames that are here, by their ids
}

// maxLeft is how many ranges of numbers an answer tells. Where there are more, the oldest frames matter most.
const maxLeft = 64

func newAdmitted() admitted { return admitted{numbers: make(map[uint64]uint64)} }

// add gives a frame its number.
func (a *admitted) add(f *Frame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.newest++
	f.number = a.newest
	a.put(f)
}

// again takes back frames that have left already.
func (a *admitted) again(frames []Frame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range frames {
		a.put(&frames[i])
	}
}

// put notes that a frame is here. Call it with a.mu held.
func (a *admitted) put(f *Frame) {
	a.here = a.here.with(f.number)
	a.numbers[f.ID] = f.number
}

// leave notes that frames are no longer on the node.
func (a *admitted) leave(frames ...Frame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range frames {
		f := &frames[i]
		a.here = a.here.without(f.number)
		if a.numbers[f.ID] == f.number { // there may be another copy
			delete(a.numbers, f.ID)
		}
	}
}

// number is that of a frame which was admitted before; 0 where it has left.
func (a *admitted) number(id uint64) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.numbers[id]
}

// left are the numbers of the frames that are no longer on the node, as ranges [first, last].
func (a *admitted) left() [][2]uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var left [][2]uint64
	from := uint64(0)
	for _, r := range a.here {
		if from < r[0] {
			left = append(left, [2]uint64{from, r[0] - 1})
		}
		if from = r[1] + 1; len(left) == maxLeft {
			return left
		}
	}
	if from <= a.newest {
		left = append(left, [2]uint64{from, a.newest})
	}
	return left
}

// place is where in the set an id is, or would be.
func (s IDs) place(id uint64) (i int, in bool) {
	i, _ = slices.BinarySearchFunc(s, id, func(r [2]uint64, id uint64) int {
		if r[1] < id {
			return -1
		}
		return 1
	})
	return i, i < len(s) && s[i][0] <= id
}

// with adds an id. It may change the set.
func (s IDs) with(id uint64) IDs {
	i, in := s.place(id)
	if in {
		return s
	}
	before, after := i > 0 && s[i-1][1] == id-1, i < len(s) && s[i][0] == id+1
	switch {
	case before && after:
		s[i-1][1] = s[i][1]
		return slices.Delete(s, i, i+1)
	case before:
		s[i-1][1] = id
	case after:
		s[i][0] = id
	default:
		return slices.Insert(s, i, [2]uint64{id, id})
	}
	return s
}

// without takes an id away. It may change the set.
func (s IDs) without(id uint64) IDs {
	i, in := s.place(id)
	if !in {
		return s
	}
	switch r := s[i]; id {
	case r[0]:
		if s[i][0]++; r[0] == r[1] {
			return slices.Delete(s, i, i+1)
		}
	case r[1]:
		s[i][1]--
	default:
		s[i][1] = id - 1
		return slices.Insert(s, i+1, [2]uint64{id + 1, r[1]})
	}
	return s
}
