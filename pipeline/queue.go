package pipeline

import "sync"

// Queue is the bounded queue at a stage's entry. A full queue refuses: it never blocks and never grows.
type Queue struct {
	mu     sync.Mutex // guards closed and peak, and that nobody sends on a closed channel
	frames chan Frame
	closed bool
	peak   int
}

// NewQueue makes a queue of so many places, 1 or more.
func NewQueue(capacity int) *Queue { return &Queue{frames: make(chan Frame, capacity)} }

// Offer puts a frame into the queue; false means that it was full or closed, and the frame is refused.
func (q *Queue) Offer(f Frame) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	select {
	case q.frames <- f:
		q.peak = max(q.peak, len(q.frames))
		return true
	default:
		return false
	}
}

// Frames is the exit. It is closed after Close, once the frames that wait are taken.
func (q *Queue) Frames() <-chan Frame { return q.frames }

// Len is the number of frames that wait.
func (q *Queue) Len() int { return len(q.frames) }

// Cap is the number of places.
func (q *Queue) Cap() int { return cap(q.frames) }

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
