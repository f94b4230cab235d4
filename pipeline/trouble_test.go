package pipeline

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// link is the way to a slow node that may fall silent, refuse connections or forget its run, as an edge sees it: a call
// ends after two seconds, a node counts as down when it has not answered for 300 ms, and a sign of life goes out every
// 500 ms.
type link struct {
	to     Sender
	silent func() bool // calls have no answer now; nil: never
	dead   func() bool // calls fail at once; nil: never
	stop   context.CancelFunc
	beats  sync.WaitGroup

	mu    sync.Mutex
	down  bool
	calls map[*time.Time]struct{}
}

func newLink(to Sender) *link { return &link{to: to, calls: map[*time.Time]struct{}{}} }

// beat shows signs of life until the link is closed.
func (l *link) beat() {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.beats.Go(func() {
		for ctx.Err() == nil {
			_, _ = l.Send(ctx, nil)
			pause(ctx, 500*time.Millisecond)
		}
	})
}

func (l *link) close() {
	l.stop()
	l.beats.Wait()
}

func (l *link) Send(ctx context.Context, frames []Frame) (answers []Feedback, err error) {
	began := time.Now()
	l.mu.Lock()
	l.calls[&began] = struct{}{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.calls, &began)
		l.down = err != nil
	}()
	for l.silent != nil && l.silent() {
		if ctx.Err() != nil || time.Since(began) > 2*time.Second {
			return nil, ErrUnreachable
		}
		pause(ctx, 10*time.Millisecond)
	}
	if l.dead != nil && l.dead() {
		return nil, ErrUnreachable
	}
	if len(frames) == 0 {
		return nil, nil
	}
	return l.to.Send(ctx, frames)
}

func (l *link) Neighbour() strategy.Neighbour {
	l.mu.Lock()
	defer l.mu.Unlock()
	up := !l.down
	for since := range l.calls {
		up = up && time.Since(*since) <= 300*time.Millisecond
	}
	return strategy.Neighbour{Up: up, RoundTrip: time.Millisecond}
}

func (*link) ID() NodeID       { return NodeID{} }
func (*link) Left(string) bool { return false }
func (*link) Life() string     { return "" }

// within reports whether the time since a moment is in [from, to).
func within(began time.Time, from, to time.Duration) func() bool {
	return func() bool { d := time.Since(began); return d >= from && d < to }
}

// delivered is how many frames have reached end so far.
func (s *site) delivered() int64 {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	return s.recorder.delivered
}

// trouble is a run of balance at 33.3 frames a second over Pis, of which the first slow one may become slower, and the
// way to it break. Each phase shall deliver nine tenths of what is offered, or of the capacity that remains if that is
// less.
type trouble struct {
	slow     int
	slower   func() bool // three times, now; nil: never
	link     func(*link) // spoils the way to the first slow node; nil: it is good
	dies     int         // phase before which the first slow node is gone for good; 0: it does not
	seconds  []int       // of each phase
	capacity []float64   // in each phase
}

func (c trouble) play(t *testing.T) (r Report) {
	var links []*link
	p := plan{
		run: Run{ID: "r", Strategy: "balance"}, slow: []int{c.slow},
		device: func(level, i int) *fakeNet {
			d := pi()
			if level == 1 && i == 0 && c.slower != nil {
				d.slower = func() int {
					if c.slower() {
						return 3
					}
					return 1
				}
			}
			return d
		},
		link: func(_, i int, to Sender) Hopper {
			l := newLink(to)
			if i == 0 && c.link != nil {
				c.link(l)
			}
			l.beat()
			links = append(links, l)
			return l
		},
	}
	s := p.start()
	id := uint64(0)
	for i, seconds := range c.seconds {
		if c.dies == i && i > 0 {
			s.kill(1, 0)
		}
		before := s.delivered()
		for range seconds * 100 / 3 {
			s.send(id)
			id++
			time.Sleep(30 * time.Millisecond)
		}
		least := 0.9 * min(1000./30, c.capacity[i]) * float64(seconds)
		if n := s.delivered() - before; float64(n) < least {
			t.Errorf("phase %d: %d frames delivered, want %.0f", i, n, least)
		}
	}
	r = s.close()
	for _, l := range links {
		l.close()
	}
	if r.Unaccounted != 0 {
		t.Errorf("%d frames are unaccounted for", r.Unaccounted)
	}
	for _, n := range r.Nodes {
		if n.Here() != 0 || n.Lost != 0 {
			t.Errorf("the ledger has %v", n)
		}
	}
	return r
}

// pis is the capacity of a Pi before so many slow ones, of which the first may take three times as long.
func pis(slow int, first float64) float64 {
	if slow == 0 {
		return 1000. / 46
	}
	return devices{4, 42, append(equal(slow-1, 42), first)}.capacity()
}

func TestSlowNodeBecomesThreeTimesSlower(t *testing.T) {
	for slow := 1; slow <= 3; slow++ {
		t.Run(fmt.Sprint(slow), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := trouble{
					slow: slow, slower: within(time.Now(), 10*time.Second, 20*time.Second), seconds: []int{10, 10, 10},
					capacity: []float64{pis(slow, 42), pis(slow, 126), pis(slow, 42)},
				}.play(t)
				if r.Duplicates != 0 || slow > 1 && r.Delivered != r.Frames {
					t.Errorf("%d of %d delivered, %d duplicates", r.Delivered, r.Frames, r.Duplicates)
				}
			})
		})
	}
}

// A node that does not answer for five seconds gets no more frames meanwhile, and gets them again when it answers.
func TestSlowNodeFallsSilentForAWhile(t *testing.T) {
	for slow := 1; slow <= 3; slow++ {
		t.Run(fmt.Sprint(slow), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := trouble{
					slow: slow, seconds: []int{10, 5, 10},
					link:     func(l *link) { l.silent = within(time.Now(), 10*time.Second, 15*time.Second) },
					capacity: []float64{pis(slow, 42), pis(slow-1, 42), pis(slow, 42)},
				}.play(t)
				if slow > 1 && r.Delivered != r.Frames {
					t.Errorf("%d of %d delivered", r.Delivered, r.Frames)
				}
				if first := r.Nodes[2]; first.Finished < int64(r.Frames)/8 {
					t.Errorf("the node that came back has %v", first)
				}
			})
		})
	}
}

// One of several nodes dies for good. What it had accepted is made good at the end at the latest, so nothing is missing.
func TestSlowNodeDiesForGood(t *testing.T) {
	for slow := 2; slow <= 3; slow++ {
		t.Run(fmt.Sprint(slow), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := trouble{
					slow: slow, dies: 1, seconds: []int{10, 10},
					link:     func(l *link) { l.dead = within(time.Now(), 10*time.Second, time.Hour) },
					capacity: []float64{pis(slow, 42), pis(slow-1, 42)},
				}.play(t)
				if r.Delivered != r.Frames {
					t.Errorf("%d of %d delivered", r.Delivered, r.Frames)
				}
			})
		})
	}
}

// pause waits, but not beyond the context's end.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
