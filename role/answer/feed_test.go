package answer

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// slowSink takes so much time for each answer. What has no end is a sink that hangs.
type slowSink struct {
	each     time.Duration
	deaf     bool // heeds no context
	hindered error
	taken    atomic.Int64
	late     atomic.Int64
	open     chan struct{} // closed by Close
}

func (s *slowSink) Begin(pipeline.Run) error { return nil }
func (s *slowSink) Progress() (int64, error) { return s.taken.Load(), s.hindered }
func (s *slowSink) Close() error             { close(s.open); return nil }
func (s *slowSink) Flush(context.Context) (int64, error) {
	if n := s.late.Swap(0); n > 0 {
		return n, errors.New("it was stopped")
	}
	return 0, nil
}

func (s *slowSink) Put(ctx context.Context, answers []*Answer) {
	stop := ctx.Done()
	if s.deaf {
		stop = s.open
	}
	for range answers {
		select {
		case <-time.After(s.each):
			s.taken.Add(1)
		case <-stop:
			s.late.Add(1)
		}
	}
}

// feeding is a feed of n answers to a sink.
func feeding(t *testing.T, s *slowSink, n uint64) *Feed {
	t.Helper()
	s.open = make(chan struct{})
	fan := NewFan()
	f, err := newFeed("--sink", fan, true, s, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range said(n) {
		fan.Publish(Event{Run: "r", Answer: a})
	}
	return f
}

// A run that is closed waits for a moment, and the end of the process for as long as a sink gets on.
func TestFeedWaitsForWhoGetsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowSink{each: time.Second}
		f := feeding(t, s, 60)
		began := time.Now()
		if err := f.Flush(); !errors.Is(err, errLate) || time.Since(began) != flushTime {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if err := f.Close(); err != nil || s.taken.Load() != 60 || time.Since(began) != time.Minute {
			t.Errorf("after %v %d are taken: %v", time.Since(began), s.taken.Load(), err)
		}
	})
}

// Who does not get on is waited for once, and what it has not taken is counted, whether it can be stopped or not.
func TestFeedGivesUp(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			away := errors.New("it is away")
			f := feeding(t, &slowSink{each: time.Hour, deaf: deaf, hindered: away}, 5000)
			for _, want := range []time.Duration{flushTime, flushTime / 10} {
				began := time.Now()
				if err := f.Flush(); !errors.Is(err, errLate) || !errors.Is(err, away) || time.Since(began) != want {
					t.Errorf("deaf %t: after %v: %v", deaf, time.Since(began), err)
				}
			}
			began := time.Now()
			err := f.Close()
			if took := time.Since(began); err == nil || !strings.HasPrefix(err.Error(), "--sink: 5000 answers are missing, ") || took > 2*flushTime {
				t.Errorf("deaf %t: after %v: %v", deaf, took, err)
			}
			synctest.Wait()
		})
	}
}
