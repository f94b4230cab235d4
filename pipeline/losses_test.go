package pipeline

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

// Losses of one kind on one node are told together, and what is told is forgotten.
func TestLossesAreGathered(t *testing.T) {
	slow, fast := NodeID{"slow", "s:1"}, NodeID{"fast", "f:1"}
	var f Losses
	f.Add(Loss{slow, Refused, IDs{{4, 4}}}, Loss{fast, Refused, IDs{{1, 1}}}, Loss{slow, Refused, IDs{{5, 5}}})
	if !f.Waiting() {
		t.Error("none waits")
	}
	f.Add(Loss{slow, Lost, IDs{{9, 9}}}, Loss{slow, Refused, IDs{{1, 2}, {7, 7}}})
	want := []Loss{{slow, Refused, IDs{{1, 2}, {4, 5}, {7, 7}}}, {fast, Refused, IDs{{1, 1}}}, {slow, Lost, IDs{{9, 9}}}}
	if got := f.Take(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := f.Take(); len(got) != 0 || f.Waiting() {
		t.Errorf("%v again", got)
	}
	for i := range uint64(3 * MaxLossRanges) {
		f.Add(Loss{slow, Refused, IDs{{2 * i, 2 * i}}}, Loss{NodeID{"slow", fmt.Sprint(i)}, Lost, IDs{{i, i}}})
	}
	got := f.Take()
	if len(got) != MaxLosses || len(got[0].Frames) != MaxLossRanges || got[0].Frames[MaxLossRanges-1][0] != 2*(3*MaxLossRanges-1) {
		t.Errorf("%d losses, the first of %d ranges", len(got), len(got[0].Frames))
	}
}

// A neighbour that is away for long misses very many frames in a row: the newest of them are told, as many as it will take.
func TestLossesAreBounded(t *testing.T) {
	var f Losses
	f.Add(Loss{Outcome: Lost, Frames: IDs{{0, 3 * MaxLossFrames}}})
	for range 2 { // what could not be told is added again
		f.Add(Loss{Outcome: Lost, Frames: IDs{{3*MaxLossFrames + 1, 3*MaxLossFrames + 9}}})
		f.Add(f.Take()...)
	}
	const last = 3*MaxLossFrames + 9
	if got, want := f.Take()[0].Frames, (IDs{{last - MaxLossFrames + 1, last}}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	f.Add(Loss{Outcome: Lost, Frames: IDs{{1, 2}, {5, 5}, {10, 10 + MaxLossFrames - 3}}})
	if got, want := f.Take()[0].Frames, (IDs{{2, 2}, {5, 5}, {10, 10 + MaxLossFrames - 3}}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// End tells each frame's loss once, and none of a frame that has arrived.
func TestLossIsToldOnce(t *testing.T) {
	r := NewRecorder(Run{}, time.Now())
	r.Add(&Frame{ID: 2})
	first := r.Gone(Loss{Outcome: Lost, Frames: IDs{{1, 4}}})
	if want := (IDs{{1, 1}, {3, 4}}); !slices.Equal(first.Frames, want) || first.Outcome != Lost {
		t.Errorf("%v, want %v", first, want)
	}
	if again := r.Gone(Loss{Outcome: Refused, Frames: IDs{{3, 5}}}); !slices.Equal(again.Frames, IDs{{5, 5}}) {
		t.Errorf("%v", again)
	}
	if !r.Add(&Frame{ID: 1}) {
		t.Error("a frame that was said to be gone does not count as arrived")
	}
}

// What ends without a result has a name that can be read again; what goes on is no loss.
func TestLossHasAName(t *testing.T) {
	for o := range outcomes {
		got, err := ParseLoss(o.String())
		if ends := slices.Contains([]Outcome{Refused, Dropped, Expired, Lost}, o); ends != (err == nil) || ends && got != o {
			t.Errorf("%v: %v, %v", o, got, err)
		}
	}
}
