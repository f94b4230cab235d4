package pipeline

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// large is a frame of so many bytes.
func large(id uint64, bytes int) Frame {
	return Frame{ID: id, Shapes: [][]int{{1}}, Data: make([]float32, (bytes-256)/4), Since: time.Now()}
}

func TestBufferBoundsBytes(t *testing.T) {
	told := 0
	b := NewBuffer(10_000, func() { told++ })
	a, c, huge := large(0, 4000), large(1, 7000), large(2, 40_000)
	if !b.Take(&a) || b.Take(&c) || told != 1 {
		t.Error("a frame that does not fit has a place, or nobody is told")
	}
	b.keep(a)
	select {
	case <-b.Freed():
	default:
		t.Error("no word of a place")
	}
	if !b.Take(&huge) { // nothing moves, so it may
		t.Error("a frame larger than the buffer has no place in one where nothing moves")
	}
	if small := large(3, 256); b.Take(&small) || told != 1 {
		t.Error("a full buffer has a place, or tells of it again")
	}
	b.Release(huge)
	b.forget(a)
	if b.moving != 0 || b.kept != 0 {
		t.Errorf("%d bytes move, and %d are kept", b.moving, b.kept)
	}
	unbounded := NewBuffer(0, func() {})
	for range 2 {
		if !unbounded.Take(&huge) {
			t.Error("a buffer without a bound has no place")
		}
	}
}

func TestQueueBoundsBytes(t *testing.T) {
	q := NewQueue(10, 10_000, DropNewest)
	for i, want := range []bool{true, true, false, false} {
		if got, _ := q.Offer(large(uint64(i), 4000)); got != want {
			t.Errorf("offer %d: %v, want %v", i, got, want)
		}
	}
	if !q.Heavy() || q.Capacity() != 2 {
		t.Errorf("heavy %v, and %d places", q.Heavy(), q.Capacity())
	}
	f := <-q.frames
	q.taken([]Frame{f})
	if got, _ := q.Offer(large(5, 1000)); !got {
		t.Error("there is a place, and the queue refuses")
	}
	q = NewQueue(10, 10_000, DropOldest)
	for i := range 4 {
		q.Offer(large(uint64(i), 3000))
	}
	if accepted, dropped := q.Offer(large(9, 20_000)); !accepted || len(dropped) != 3 || len(q.frames) != 1 || q.bytes != 20_000 {
		t.Errorf("accepted %v, %d dropped, %d frames and %d bytes wait", accepted, len(dropped), len(q.frames), q.bytes)
	}
}

// bytesOn is how many bytes of frames are on a stage: in its queue, at its hops, in flight, and kept.
func (s *Stage) bytesOn() int {
	s.buffer.mu.Lock()
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	defer s.buffer.mu.Unlock()
	return s.queue.bytes + s.buffer.moving + s.buffer.kept
}

// However far behind the nodes below are, a stage holds no more bytes than it may, refuses the rest, and goes on: also where
// a single frame is larger than its buffer.
func TestAStageBoundsItsBytes(t *testing.T) {
	const frame = 10_000
	for _, buffer := range []int{frame / 2, 6 * frame, 20 * frame} {
		synctest.Test(t, func(t *testing.T) {
			below := newHolder(1)
			below.places = 3
			var mu sync.Mutex
			full := 0
			net := &fakeNet{resident: [4]bool{true}}
			s := StartStage(t.Context(), StageConfig{
				ID: NodeID{Role: "fast"}, Executor: net, Strategy: &dealing{}, Keeps: true, Holding: Holding{0, 1, net.Shapes},
				Cut: 1, Layers: 2, Queue: 100, Window: 4, Buffer: buffer, Next: []Hopper{below}, End: sendFunc(accept),
				Failed: func(int, error) {}, Full: func() { mu.Lock(); full++; mu.Unlock() },
			})
			ctx, stop := context.WithCancel(t.Context())
			var beside sync.WaitGroup
			beside.Go(func() {
				for ctx.Err() == nil {
					pause(ctx, 20*time.Millisecond)
					below.handOn()
				}
			})
			most, accepted := 0, 0
			for id := range uint64(400) {
				answers, err := s.Offer([]Frame{large(id, frame)}, false)
				if err != nil {
					t.Fatal(err)
				}
				if answers[0].Accepted {
					accepted++
				}
				time.Sleep(5 * time.Millisecond)
				most = max(most, s.bytesOn())
			}
			e := s.Close()
			time.Sleep(time.Second)
			stop()
			beside.Wait()
			// One frame may always be in the queue, and one always move, whatever is kept: what the next node has.
			if bound := max(buffer/2, frame) + max(buffer/2, frame+below.places*frame); most > bound {
				t.Errorf("a buffer of %d bytes: %d are held, and %d may be", buffer, most, bound)
			}
			if e.Refused == 0 || e.Forwarded != int64(accepted) || len(below.onward) != accepted || accepted < 50 {
				t.Errorf("a buffer of %d bytes: %v; %d accepted, %d handed on", buffer, e, accepted, len(below.onward))
			}
			if full != 1 {
				t.Errorf("told %d times that the buffer is full", full)
			}
			if left := s.bytesOn() - s.buffer.kept; left != 0 {
				t.Errorf("%d bytes are left", left)
			}
		})
	}
}

// A small result does not hold the memory of a large input.
func TestAResultTakesTheMemoryThatItNeeds(t *testing.T) {
	f := large(0, 1<<20)
	if room := f.memoryFor(make([]float32, 10)); cap(room) != 10 {
		t.Errorf("a result of ten values has memory for %d", cap(room))
	}
	if room := f.memoryFor(f.Data); len(room) != 0 || cap(room) != cap(f.Data) {
		t.Error("memory that is large enough is not used again")
	}
}
