package pipeline

import "testing"

func TestQueueRefusesWhenFull(t *testing.T) {
	q := NewQueue(2, 0, DropNewest)
	for i, want := range []bool{true, true, false, false} {
		if got, _ := q.Offer(Frame{ID: uint64(i)}); got != want {
			t.Errorf("offer %d: %v, want %v", i, got, want)
		}
	}
	if f := <-q.frames; f.ID != 0 {
		t.Errorf("first out is frame %d", f.ID)
	}
	if accepted, _ := q.Offer(Frame{ID: 4}); !accepted {
		t.Error("a place is free, and the queue refuses")
	}
	if len(q.frames) != 2 || cap(q.frames) != 2 || q.Peak() != 2 {
		t.Errorf("length %d, capacity %d, peak %d", len(q.frames), cap(q.frames), q.Peak())
	}
}

func TestQueueDropsTheOldest(t *testing.T) {
	q := NewQueue(2, 0, DropOldest)
	for i, want := range []bool{false, false, true, true} {
		if accepted, dropped := q.Offer(Frame{ID: uint64(i)}); !accepted || len(dropped) > 0 != want {
			t.Errorf("offer %d: accepted %v, dropped %v, want true, %v", i, accepted, dropped, want)
		}
	}
	if f := <-q.frames; f.ID != 2 || len(q.frames) != 1 || q.Peak() != 2 {
		t.Errorf("first out is frame %d, and %d stay of %d", f.ID, len(q.frames), q.Peak())
	}
	q.Close()
	if accepted, dropped := q.Offer(Frame{}); accepted || len(dropped) > 0 {
		t.Error("a closed queue takes a frame, or drops one")
	}
}

func TestQueueCloses(t *testing.T) {
	q := NewQueue(3, 0, "")
	q.Offer(Frame{ID: 7})
	q.Close()
	q.Close()
	if accepted, _ := q.Offer(Frame{ID: 8}); accepted {
		t.Error("a closed queue takes a frame")
	}
	if f, open := <-q.frames; !open || f.ID != 7 {
		t.Error("the frame that waited is gone")
	}
	if _, open := <-q.frames; open {
		t.Error("the exit is not closed")
	}
}
