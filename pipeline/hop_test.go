package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A hop sends what waits in one call, in order, and an idle one sends each frame at once.
func TestHopSharesCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []int
		var ids []uint64
		slow := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			calls = append(calls, len(frames))
			for _, f := range frames {
				ids = append(ids, f.ID)
			}
			time.Sleep(time.Second)
			return accept(ctx, frames)
		})
		h := StartHop(t.Context(), HopConfig{Sender: slow, Window: 1, Done: func([]Frame, []Feedback, error) {}})
		for i := range 40 {
			h.Out() <- Frame{ID: uint64(i)}
			if i == 0 {
				synctest.Wait() // the first is on its way before the second comes
			}
		}
		h.Close()
		h.Wait()
		if calls[0] != 1 || len(calls) > 5 {
			t.Errorf("calls of %v frames", calls)
		}
		if !slices.IsSorted(ids) || len(ids) != 40 {
			t.Errorf("frames arrived as %v", ids)
		}
	})
}

func TestHopBoundsACallInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var most int
		sender := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			most = max(most, len(frames))
			time.Sleep(time.Second)
			return accept(ctx, frames)
		})
		h := StartHop(t.Context(), HopConfig{Sender: sender, Window: 1, Done: func([]Frame, []Feedback, error) {}})
		data := make([]float32, maxCallBytes/4/2) // half of what a call may hold
		for range 8 {
			h.Out() <- Frame{Data: data}
		}
		h.Close()
		h.Wait()
		if most != 2 {
			t.Errorf("a call took %d frames of half its size", most)
		}
	})
}

// While a neighbour does not answer one call at a time is made again, less and less often, and once it is back
// everything arrives within two seconds.
func TestHopDoesNotStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const away = time.Minute
		began := time.Now()
		var mu sync.Mutex
		under, most, tries := 0, 0, 0
		end := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			mu.Lock()
			under, tries = under+1, tries+1
			if at := time.Since(began); at > time.Second && at < away { // the window's first calls were made before anyone knew
				most = max(most, under)
			}
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			mu.Lock()
			under--
			mu.Unlock()
			if time.Since(began) < away {
				return nil, ErrUnreachable
			}
			return accept(ctx, frames)
		})
		arrived := 0
		h := StartHop(t.Context(), HopConfig{Sender: end, Window: 4, Persist: true, Done: func(frames []Frame, _ []Feedback, err error) {
			if mu.Lock(); err == nil {
				arrived += len(frames)
			}
			mu.Unlock()
		}})
		for id := range uint64(4 * maxCallFrames) {
			h.Out() <- Frame{ID: id}
		}
		h.Close()
		h.Wait()
		if arrived != 4*maxCallFrames || most != 1 {
			t.Errorf("%d frames arrived, %d calls were made again at once", arrived, most)
		}
		if took := time.Since(began) - away; took > 2*time.Second {
			t.Errorf("all is there %s after the neighbour", took)
		}
		if perSecond := float64(tries) / away.Seconds(); perSecond > 8 {
			t.Errorf("%.1f calls a second to a neighbour that does not answer", perSecond)
		}
	})
}

// One invalid frame does not take the others of its call with it.
func TestHopIsolatesAnInvalidFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sender := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			time.Sleep(time.Second)
			for _, f := range frames {
				if f.ID == 5 {
					return nil, ErrInvalidFrame
				}
			}
			return accept(ctx, frames)
		})
		var failed error
		finished, lost := 0, 0
		h := StartHop(t.Context(), HopConfig{Sender: sender, Window: 1, Done: func(frames []Frame, _ []Feedback, err error) {
			if err != nil {
				failed, lost = err, lost+len(frames)
				return
			}
			finished += len(frames)
		}})
		for i := range 10 {
			h.Out() <- Frame{ID: uint64(i)}
		}
		h.Close()
		h.Wait()
		if finished != 9 || lost != 1 || !errors.Is(failed, ErrInvalidFrame) {
			t.Errorf("%d finished, %d lost, error %v", finished, lost, failed)
		}
	})
}

// Nor does it where an earlier call was not answered.
func TestHopIsolatesAnInvalidFrameOfACallMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		sender := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			if calls++; calls == 1 {
				return nil, ErrUnreachable
			}
			if slices.ContainsFunc(frames, func(f Frame) bool { return f.ID == 3 }) {
				return nil, ErrInvalidFrame
			}
			return accept(ctx, frames)
		})
		var lost []uint64
		var failed error
		h := &Hop{probe: make(chan struct{}, 1)}
		h.probe <- struct{}{}
		batch := make([]Frame, 8)
		for i := range batch {
			batch[i].ID = uint64(i)
		}
		h.send(t.Context(), HopConfig{Sender: sender, Persist: true, Done: func(frames []Frame, _ []Feedback, err error) {
			if err != nil {
				failed, lost = err, append(lost, frames[0].ID)
			}
		}}, batch)
		if !slices.Equal(lost, []uint64{3}) {
			t.Errorf("frames %v are lost", lost)
		}
		if !errors.Is(failed, ErrInvalidFrame) {
			t.Errorf("the error is %v", failed)
		}
	})
}

// Who waits until a hop is clear finds that nothing waits there, or that the context has ended.
func TestHopIsCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			time.Sleep(time.Second)
			return accept(ctx, frames)
		})
		h := StartHop(t.Context(), HopConfig{Sender: slow, Window: 1, Done: func([]Frame, []Feedback, error) {}})
		began := time.Now()
		h.Out() <- Frame{}
		synctest.Wait()
		h.Out() <- Frame{ID: 1}
		hasty, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if h.Clear(hasty); time.Since(began) > 310*time.Millisecond {
			t.Errorf("it waits for %v", time.Since(began))
		}
		if h.Clear(t.Context()); len(h.out) > 0 || time.Since(began) < time.Second || time.Since(began) > 1010*time.Millisecond {
			t.Errorf("%d wait after %v", len(h.out), time.Since(began))
		}
		h.Close()
		h.Wait()
	})
}
