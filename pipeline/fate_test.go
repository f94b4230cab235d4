package pipeline

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

// Fates of one kind on one node are told together, and what is told is forgotten.
func TestFatesAreGathered(t *testing.T) {
	slow, fast := NodeID{"slow", "s:1"}, NodeID{"fast", "f:1"}
	var f Fates
	f.Add(Fate{slow, Refused, IDs{{4, 4}}}, Fate{fast, Refused, IDs{{1, 1}}}, Fate{slow, Refused, IDs{{5, 5}}})
	f.Add(Fate{slow, Lost, IDs{{9, 9}}}, Fate{slow, Refused, IDs{{1, 2}, {7, 7}}})
	want := []Fate{{slow, Refused, IDs{{1, 2}, {4, 5}, {7, 7}}}, {fast, Refused, IDs{{1, 1}}}, {slow, Lost, IDs{{9, 9}}}}
	if got := f.Take(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := f.Take(); len(got) != 0 {
		t.Errorf("%v again", got)
	}
	for i := range uint64(3 * MaxFateRanges) {
		f.Add(Fate{slow, Refused, IDs{{2 * i, 2 * i}}}, Fate{NodeID{"slow", fmt.Sprint(i)}, Lost, IDs{{i, i}}})
	}
	got := f.Take()
	if len(got) != MaxFates || len(got[0].Frames) != MaxFateRanges || got[0].Frames[MaxFateRanges-1][0] != 2*(3*MaxFateRanges-1) {
		t.Errorf("%d fates, the first of %d ranges", len(got), len(got[0].Frames))
	}
}

// A neighbour that is away for long misses very many frames in a row: the newest of them are told, as many as it will take.
func TestFatesAreBounded(t *testing.T) {
	var f Fates
	f.Add(Fate{Outcome: Lost, Frames: IDs{{0, 3 * MaxFateFrames}}})
	for range 2 { // what could not be told is added again
		f.Add(Fate{Outcome: Lost, Frames: IDs{{3*MaxFateFrames + 1, 3*MaxFateFrames + 9}}})
		f.Add(f.Take()...)
	}
	const last = 3*MaxFateFrames + 9
	if got, want := f.Take()[0].Frames, (IDs{{last - MaxFateFrames + 1, last}}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	f.Add(Fate{Outcome: Lost, Frames: IDs{{1, 2}, {5, 5}, {10, 10 + MaxFateFrames - 3}}})
	if got, want := f.Take()[0].Frames, (IDs{{2, 2}, {5, 5}, {10, 10 + MaxFateFrames - 3}}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// End tells each frame's fate once, and none of a frame that has arrived.
func TestFateIsToldOnce(t *testing.T) {
	r := NewRecorder(Run{}, time.Now())
	r.Add(&Frame{ID: 2})
	first := r.Gone(Fate{Outcome: Lost, Frames: IDs{{1, 4}}})
	if want := (IDs{{1, 1}, {3, 4}}); !slices.Equal(first.Frames, want) || first.Outcome != Lost {
		t.Errorf("%v, want %v", first, want)
	}
	if again := r.Gone(Fate{Outcome: Refused, Frames: IDs{{3, 5}}}); !slices.Equal(again.Frames, IDs{{5, 5}}) {
		t.Errorf("%v", again)
	}
	if !r.Add(&Frame{ID: 1}) {
		t.Error("a frame that was said to be gone does not count as arrived")
	}
}

// What ends without a result has a name that can be read again; what goes on is no fate.
func TestFateHasAName(t *testing.T) {
	for o := range outcomes {
		got, err := ParseFate(o.String())
		if ends := slices.Contains([]Outcome{Refused, Dropped, Expired, Lost}, o); ends != (err == nil) || ends && got != o {
			t.Errorf("%v: %v, %v", o, got, err)
		}
	}
}
