package pipeline

import "testing"

func TestQueueRefusesWhenFull(t *testing.T) {
	q := NewQueue(2, DropNewest)
	for i, want := range []bool{true, true, false, false} {
		if got, _ := q.Offer(Frame{ID: uint64(i)}); got != want {
			t.Errorf("offer %d: %v, want %v", i, got, want)
		}
	}
	if f := <-q.Frames(); f.ID != 0 {
		t.Errorf("first out is frame %d", f.ID)
	}
	if accepted, _ := q.Offer(Frame{ID: 4}); !accepted {
		t.Error("a place is free, and the queue refuses")
	}
	if q.Len() != 2 || q.Cap() != 2 || q.Peak() != 2 {
		t.Errorf("length %d, capacity %d, peak %d", q.Len(), q.Cap(), q.Peak())
	}
}

func TestQueueDropsTheOldest(t *testing.T) {
	q := NewQueue(2, DropOldest)
	for i, want := range []bool{false, false, true, true} {
		if accepted, dropped := q.Offer(Frame{ID: uint64(i)}); !accepted || dropped != want {
			t.Errorf("offer %d: accepted %v, dropped %v, want true, %v", i, accepted, dropped, want)
		}
	}
	if f := <-q.Frames(); f.ID != 2 || q.Len() != 1 || q.Peak() != 2 {
		t.Errorf("first out is frame %d, and %d stay of %d", f.ID, q.Len(), q.Peak())
	}
	q.Close()
	if accepted, dropped := q.Offer(Frame{}); accepted || dropped {
		t.Error("a closed queue takes a frame, or drops one")
	}
}

func TestQueueCloses(t *testing.T) {
	q := NewQueue(3, "")
	q.Offer(Frame{ID: 7})
	q.Close()
	q.Close()
	if accepted, _ := q.Offer(Frame{ID: 8}); accepted {
		t.Error("a closed queue takes a frame")
	}
	if f, open := <-q.Frames(); !open || f.ID != 7 {
		t.Error("the frame that waited is gone")
	}
	if _, open := <-q.Frames(); open {
		t.Error("the exit is not closed")
	}
}

func TestWindow(t *testing.T) {
	var w window
	for _, c := range []struct {
		id   uint64
		want bool
	}{
		{0, true}, {0, false}, {5, true}, {63, true}, {64, true}, {5, false},
		{windowSize, true},      // the window moves by one word
		{63, false},             // fallen out
		{65, true}, {65, false}, // still in
		{3*windowSize + 7, true}, {3*windowSize + 7, false}, // far ahead: a new window
		{2 * windowSize, false}, // before it
		{3 * windowSize, true},
		{1<<64 - 1, true}, {1<<64 - 1, false}, {1<<64 - 2, true}, // the last ids there are
	} {
		if got := w.add(c.id); got != c.want {
			t.Errorf("add(%d) = %v, want %v", c.id, got, c.want)
		}
	}
}

func FuzzWindow(f *testing.F) {
	f.Add(uint64(0), uint64(1), uint64(windowSize), uint64(1<<63))
	f.Fuzz(func(t *testing.T, a, b, c, d uint64) {
		var w window
		for _, id := range []uint64{a, b, c, d} {
			w.add(id)
			if w.add(id) {
				t.Errorf("%d is new twice", id)
			}
		}
	})
}
