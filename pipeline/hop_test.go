package pipeline

import (
	"context"
	"errors"
	"slices"
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
