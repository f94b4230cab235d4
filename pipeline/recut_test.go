package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A stage that is cut anew while frames pass loses none: what comes before the switch is handed over at the old cut, what comes
// after it at the new one, and a late frame of another cut has its layers read for it.
func TestStageIsCutAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var next, end []string // id@layer of what came
		taking := func(to *[]string) Sender {
			return sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
				mu.Lock()
				defer mu.Unlock()
				for _, f := range frames {
					*to = append(*to, fmt.Sprintf("%d@%d", f.ID, f.Next))
				}
				return accept(ctx, frames)
			})
		}
		net := &fakeNet{tail: 5 * time.Millisecond, load: time.Second, resident: [4]bool{true}}
		s := StartStage(t.Context(), StageConfig{
			ID: NodeID{Role: "fast"}, Executor: net, Strategy: baseline(t), Holding: Holding{0, 1, net.Shapes},
			Cut: 1, Layers: 4, Queue: 10, Window: 1, Next: []Hopper{up{taking(&next)}}, End: taking(&end), Failed: func(_ int, err error) { t.Error(err) },
			Expected: []time.Duration{1, 5, 5, 5},
		})
		come := func(id uint64, layer int) error {
			_, err := s.Offer([]Frame{{ID: id, Next: layer, Shapes: [][]int{{1}}, Data: []float32{1}}}, false)
			time.Sleep(2 * time.Second)
			return err
		}
		resident := func(want ...bool) {
			t.Helper()
			synctest.Wait()
			if !slices.Equal(net.resident[:], want) {
				t.Errorf("resident: %v, want %v", net.resident, want)
			}
		}
		if err := come(0, 2); !errors.Is(err, ErrInvalidFrame) {
			t.Errorf("a frame of layers that are another node's: %v", err)
		}
		s.Welcome(0)
		if err := errors.Join(come(1, 0), s.Widen(0, 2)); err != nil {
			t.Error(err)
		}
		resident(true, true, false, false)
		if err := errors.Join(s.Widen(0, 2), come(2, 0)); err != nil { // it has them
			t.Error(err)
		}
		s.Switch(2, baseline(t))
		if err := errors.Join(come(3, 0), come(4, 1)); err != nil {
			t.Error(err)
		}
		s.Narrow(0, 2)
		resident(true, true, false, false)
		if err := come(5, 3); err != nil { // the old cut's, and beyond the new one
			t.Error(err)
		}
		s.Switch(1, baseline(t))
		s.Narrow(1, 1) // what is read late goes again
		resident(false, false, false, false)
		if err := come(6, 0); !errors.Is(err, ErrInvalidFrame) {
			t.Errorf("a frame from before what it holds: %v", err)
		}
		s.Welcome(0)
		if err := come(7, 0); err != nil {
			t.Error(err)
		}
		resident(true, false, false, false)
		e := s.Close()
		if got := fmt.Sprint(next, end); got != "[1@1 2@1 3@2 4@2 5@3 7@1] []" {
			t.Errorf("next and end got %s", got)
		}
		if e.Received != 6 || e.Forwarded != 6 || e.Lost != 0 || e.Here() != 0 {
			t.Errorf("ledger %+v", e)
		}
		if s.Widen(0, 4) != nil || net.Resident(1, 2) {
			t.Error("a stage that is closed reads layers")
		}
	})
}

// Layers that can't be read for a recut leave the stage at work as it was.
func TestRecutOfLayersThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &fakeNet{broken: errors.New("no memory")}
		s := stage(t.Context(), net, baseline(t), sendFunc(accept), sendFunc(accept))
		if err := s.Widen(0, 2); !errors.Is(err, net.broken) {
			t.Errorf("error %v", err)
		}
		offer(t, s, 3)
		if e := s.Close(); e.Forwarded != 3 || e.Lost != 0 {
			t.Errorf("ledger %+v", e)
		}
	})
}

// A node begins where the cut that it began at goes; what begins elsewhere stays where it is, as the end of the network does.
func TestCutsMove(t *testing.T) {
	r := Run{Cuts: []int{3, 7}}
	for layer, want := range map[int]int{0: 0, 3: 2, 7: 9, 5: 5, 10: 10} {
		if got := r.Moved(layer, []int{2, 9}); got != want {
			t.Errorf("layer %d becomes %d, want %d", layer, got, want)
		}
	}
	if got := r.Moved(7, []int{2}); got != 7 {
		t.Errorf("with a cut less layer 7 becomes %d", got)
	}
	for _, to := range []Recut{{}, {Epoch: 2, Cuts: []int{1, 2}}} {
		if err := to.Validate(); err != nil {
			t.Errorf("%+v: %v", to, err)
		}
	}
	for _, to := range []Recut{{Epoch: 1}, {Epoch: 1, Cuts: []int{2, 2}}} {
		if err := to.Validate(); !errors.Is(err, ErrInvalidRun) {
			t.Errorf("%+v: %v", to, err)
		}
	}
}

// The report tells of each recut once, in their order, and of no more than there is room for. The run's cuts are the last ones.
func TestReportTellsOfRecuts(t *testing.T) {
	start := time.Now()
	r := NewRecorder(Run{ID: "r", Cuts: []int{1, 9}}, start)
	r.Recut(start.Add(time.Second), Recut{Epoch: 1, Cuts: []int{2, 9}, Why: "slower"})
	r.Recut(start.Add(2*time.Second), Recut{Epoch: 1, Cuts: []int{3, 9}}) // it is known
	r.Recut(start.Add(3*time.Second), Recut{Epoch: 2, Cuts: []int{2, 9}}) // and this changes nothing
	r.Recut(start.Add(4*time.Second), Recut{Epoch: 4, Cuts: []int{5, 9}, Why: "faster"})
	end := Entry{NodeID: NodeID{Role: "end"}}
	got := r.Close(start.Add(5*time.Second), end, nil)
	want := []Recutted{{1, []int{1, 9}, []int{2, 9}, "slower"}, {4, []int{2, 9}, []int{5, 9}, "faster"}}
	if fmt.Sprint(got.Recuts, got.Cuts) != fmt.Sprint(want, []int{5, 9}) {
		t.Errorf("%v and cuts %v, want %v and [5 9]", got.Recuts, got.Cuts, want)
	}
	r = NewRecorder(Run{ID: "r", Cuts: []int{1, 999}}, start)
	for i := range maxRecuts + 10 {
		r.Recut(start, Recut{Epoch: i + 1, Cuts: []int{i + 2, 999}})
	}
	if got := r.Close(start, end, nil); len(got.Recuts) != maxRecuts || got.Cuts[0] != maxRecuts+11 {
		t.Errorf("%d recuts, the last to %v", len(got.Recuts), got.Cuts)
	}
}
