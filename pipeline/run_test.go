package pipeline

import (
	"errors"
	"testing"
)

func TestRunIsValidated(t *testing.T) {
	good := Run{ID: "r", Strategy: "balance", Frames: 1 << 48, Cuts: []int{1, 4}, Load: "background"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Run){
		"falling cuts":   func(r *Run) { r.Cuts = []int{4, 1} },
		"cut at 0":       func(r *Run) { r.Cuts = []int{0} },
		"unknown switch": func(r *Run) { r.Load = "sometimes" },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); !errors.Is(err, ErrInvalidRun) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSliceOfARun(t *testing.T) {
	r := Run{Cuts: []int{3, 7}}
	for from, want := range map[int]int{0: 3, 2: 3, 3: 7, 7: 10, 9: 10} {
		if first, to := r.Slice(from, 10); first != from || to != want {
			t.Errorf("from %d: layers %d to %d, want %d", from, first, to, want)
		}
	}
}

// The queues of a run of live pictures are short, and never longer than they are set up.
func TestQueueOfLivePictures(t *testing.T) {
	type queue struct {
		places, highWater int
		drop              Drop
	}
	for set, want := range map[queue]queue{{10, 7, DropNewest}: {2, 2, DropOldest}, {1, 0, DropNewest}: {1, 0, DropOldest}} {
		var got queue
		if got.places, got.highWater, got.drop = (Run{Newest: true}).Queue(set.places, set.highWater, set.drop); got != want {
			t.Errorf("of %+v: %+v, want %+v", set, got, want)
		}
		if got.places, got.highWater, got.drop = (Run{}).Queue(set.places, set.highWater, set.drop); got != set {
			t.Errorf("another run has %+v, and is set up with %+v", got, set)
		}
	}
}
