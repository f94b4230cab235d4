package pipeline

import "sync"

// Drop says which frame a full queue sheds.
type Drop string

// The drop policies.
const (
	DropNewest Drop = "newest" // the one that comes is refused
	DropOldest Drop = "oldest" // the one that has waited longest is dropped: live video, where only the newest matters
)

// Queue is the bounded queue at a stage's entry. A full queue refuses the frame, or drops the oldest: it never blocks
// and never grows. It is full when all places are taken, or when another frame would have more bytes wait in it than may.
type Queue struct {
	drop   Drop
	limit  int        // bytes; 0: no bound
	frames chan Frame // closed after Close, once the frames that wait are taken

	mu     sync.Mutex // guards what follows, and that nobody sends on a closed channel
	closed bool
	peak   int
	bytes  int  // of the frames that wait
	last   int  // bytes of the last frame that was offered
	heavy  bool // a frame has found places, but too many bytes
	// hand gives a frame to a loop that waits for one, so that it is never in the queue, as a channel does for a goroutine that
	// receives from it; nil: one does.
	hand func(Frame) bool
}

// NewQueue makes a queue of so many places, 1 or more, and bytes; 0: these have no bound.
func NewQueue(capacity, bytes int, drop Drop) *Queue {
	return &Queue{drop: drop, limit: bytes, frames: make(chan Frame, capacity)}
}

// Offer puts a frame into the queue. Not accepted means that the queue was full or closed, and the frame is refused;
// dropped are the oldest frames, which had to go for it.
func (q *Queue) Offer(f Frame) (accepted bool, dropped []Frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = f.bytes()
	for !q.closed {
		if q.fits(q.last) {
			if q.hand != nil && q.hand(f) {
				q.bytes += q.last
				return true, dropped
			}
			select {
			case q.frames <- f:
				q.bytes += q.last
				q.peak = max(q.peak, len(q.frames))
				return true, dropped
			default:
			}
		}
		if q.drop != DropOldest {
			break
		}
		select {
		case old := <-q.frames:
			q.bytes -= old.bytes()
			dropped = append(dropped, old)
		default: // the stage has taken it in this moment, so there is a place
		}
	}
	return false, nil
}

// fits reports whether so many bytes more may wait. An empty queue takes any frame. Call it with q.mu held.
func (q *Queue) fits(bytes int) bool {
	if q.limit == 0 || len(q.frames) == 0 || q.bytes+bytes <= q.limit {
		return true
	}
	q.heavy = q.heavy || len(q.frames) < cap(q.frames)
	return false
}

// taken notes that frames have been received from the queue.
func (q *Queue) taken(frames []Frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range frames {
		q.bytes -= frames[i].bytes()
	}
}

// Capacity is the number of places, for frames as large as the last one.
func (q *Queue) Capacity() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.limit == 0 || q.last == 0 {
		return cap(q.frames)
	}
	return min(cap(q.frames), max(1, q.limit/q.last))
}

// Heavy reports whether a frame has ever been refused, or dropped, for its bytes and not for its number.
func (q *Queue) Heavy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.heavy
}

// Peak is the largest number of frames that ever waited.
func (q *Queue) Peak() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.peak
}

// Close ends the intake; frames that wait can still be taken. It may be called more than once.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.frames)
	}
}

// gather adds the frames that wait in a channel already, up to so many frames and about so many bytes. No frame waits for
// others.
func gather(batch []Frame, from <-chan Frame, most, mostBytes int) []Frame {
	for bytes := 4 * len(batch[0].Data); len(batch) < most && bytes < mostBytes; {
		select {
		case f, open := <-from:
			if !open {
				return batch
			}
			batch = append(batch, f)
			bytes += 4 * len(f.Data)
		default:
			return batch
		}
	}
	return batch
}
