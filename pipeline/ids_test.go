package pipeline

import (
	"math"
	"testing"
)

func TestWindowTellsCopiesApart(t *testing.T) {
	for _, gap := range []uint64{1, 20} {
		var w window
		ids := 600_000 * gap
		if testing.Short() { // under qemu all of them take minutes
			ids = 40_000 * gap
		}
		for id := uint64(0); id < ids; id += gap {
			if !w.add(id) {
				t.Fatalf("id %d is new", id)
			}
			if old := id - min(id, windowSize/2/gap*gap); w.add(id) || w.add(old) {
				t.Fatalf("ids %d and %d have come", id, old)
			}
		}
		if w.add(ids+10) && !w.add(ids+5) {
			t.Error("an id that was overtaken has not come")
		}
		if gaps := gap > 1; !testing.Short() && w.add(0) != gaps {
			t.Errorf("the oldest id is remembered: %v", gaps)
		}
		if size := w.ids.GetSizeInBytes(); size > windowBytes {
			t.Errorf("%d bytes", size)
		}
	}
}

// A frame far from the run's, in either direction and however often, takes none of the run's frames for seen.
func TestStrayIDsHideNoFrame(t *testing.T) {
	for name, stray := range map[string]func(id uint64) uint64{
		"the same":         func(uint64) uint64 { return math.MaxUint64 },
		"all over":         func(id uint64) uint64 { return id * 0x9e3779b97f4a7c15 },
		"far behind":       func(id uint64) uint64 { return id % 64 },
		"just beyond":      func(id uint64) uint64 { return id + 2*windowSize - 1 },
		"walking away":     func(id uint64) uint64 { return id + (id-1<<40)*windowSize/2 },
		"walking backward": func(id uint64) uint64 { return id - (id-1<<40)*windowSize },
	} {
		var w window
		for id := uint64(1<<40 + 1); id < 1<<40+5000; id++ {
			if s := stray(id); s != id-1 {
				w.add(s)
			}
			if !w.add(id) {
				t.Fatalf("%s: frame %d is taken for seen", name, id)
			}
		}
	}
}

// The newest frame is the run's, whatever far ids have come beside it.
func TestNewestIsOfTheRun(t *testing.T) {
	for _, strays := range [][]uint64{{}, {math.MaxUint64}, {0}, {math.MaxUint64, 1 << 50, 3, 1 << 60}} {
		var w window
		for id := uint64(1 << 40); id < 1<<40+10; id++ {
			w.add(id)
		}
		for _, id := range strays {
			w.add(id)
		}
		w.add(1<<40 + 11)
		w.add(1<<40 + 10) // overtaken
		if newest := w.newest(); newest != 1<<40+11 {
			t.Errorf("beside %v: %d", strays, newest)
		}
	}
	if newest := new(window).newest(); newest != 0 {
		t.Errorf("of none: %d", newest)
	}
}

func TestWindowAtTheEnds(t *testing.T) {
	var w window
	for _, id := range []uint64{0, math.MaxUint64, 63, math.MaxUint64 - 1, windowSize, 1} {
		if w.ids.Contains(id) || !w.add(id) || w.add(id) || !w.ids.Contains(id) {
			t.Errorf("id %d is not remembered", id)
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
				t.Errorf("%d is new again", id)
			}
			if w.ids.Remove(id); w.ids.Contains(id) || !w.add(id) {
				t.Errorf("%d is not forgotten", id)
			}
		}
	})
}
