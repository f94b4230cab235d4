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
// and never grows.
type Queue struct {
	drop   Drop
	frames chan Frame // closed after Close, once the frames that wait are taken
	mu     sync.Mutex // guards closed and peak, and that nobody sends on a closed channel
	closed bool
	peak   int
}

// NewQueue makes a queue of so many places, 1 or more.
func NewQueue(capacity int, drop Drop) *Queue {
	return &Queue{drop: drop, frames: make(chan Frame, capacity)}
}

// Offer puts a frame into the queue. Not accepted means that the queue was full or closed, and the frame is refused;
// dropped, that the oldest frame had to go for it.
func (q *Queue) Offer(f Frame) (accepted, dropped bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed {
		select {
		case q.frames <- f:
			q.peak = max(q.peak, len(q.frames))
			return true, dropped
		default:
		}
		if q.drop != DropOldest {
			break
		}
		select {
		case <-q.frames:
			dropped = true
		default: // the stage has taken it in this moment, so there is a place
		}
	}
	return false, false
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
