package pipeline

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// wireOf is a link with a delay, that carries one frame after the other.
type wireOf struct {
	mu    sync.Mutex
	delay time.Duration // there and back
	frame time.Duration
	bytes int // of a frame
	free  time.Time
}

func (w *wireOf) call(p *Path, frames int) {
	m := p.Begin(time.Now(), frames)
	m.Bytes = frames * w.bytes
	w.mu.Lock()
	if now := time.Now(); w.free.Before(now) {
		w.free = now
	}
	w.free = w.free.Add(time.Duration(frames) * w.frame)
	until := w.free.Add(w.delay)
	w.mu.Unlock()
	time.Sleep(time.Until(until))
	p.End(time.Now(), m, true)
}

// The pace is the link's, however long the way is, whether there is one call at a time or several wait for each other.
func TestPaceIsTheLinks(t *testing.T) {
	for _, delay := range []time.Duration{0, 3 * time.Millisecond, 80 * time.Millisecond} {
		for _, frame := range []time.Duration{200 * time.Microsecond, 5 * time.Millisecond, 60 * time.Millisecond} {
			for _, callers := range []int{1, 4} {
				synctest.Test(t, func(t *testing.T) {
					w, p := &wireOf{delay: delay, frame: frame}, &Path{}
					if p.Pace() != 0 {
						t.Error("a pace is known before the first call")
					}
					w.call(p, 0)
					var all sync.WaitGroup
					for i := range callers {
						all.Go(func() {
							for range 50 {
								w.call(p, 1+i)
							}
						})
					}
					all.Wait()
					if got := p.Pace(); got < frame*8/10 || got > frame*11/10 {
						t.Errorf("delay %v, a frame takes %v, %d callers: the pace is %v", delay, frame, callers, got)
					}
				})
			}
		}
	}
}

// Calls of which several are always in flight, and which do not fill the link, show its pace too, and for as long as they
// go on.
func TestPaceOfALinkThatIsNotFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := &wireOf{delay: 3 * time.Millisecond, frame: 200 * time.Microsecond}, &Path{}
		w.call(p, 0)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				for began := time.Now(); time.Since(began) < 3*rememberFrame; {
					w.call(p, 1)
				}
			})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(3*rememberFrame - 2*time.Millisecond)
		if got := p.Pace(); got != w.frame {
			t.Errorf("a frame takes %v, and the pace is %v", w.frame, got)
		}
		all.Wait()
	})
}

// On a full link a sign of life is slow as well, and is no measure of the way.
func TestPaceOfALinkThatIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := &wireOf{delay: 3 * time.Millisecond, frame: 5 * time.Millisecond}, &Path{}
		w.call(p, 0)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for began := time.Now(); time.Since(began) < 4*rememberEmpty; {
					w.call(p, 2)
				}
			})
		}
		all.Go(func() {
			for range 4 * int(rememberEmpty/time.Second) {
				w.call(p, 0)
				time.Sleep(time.Second)
			}
		})
		time.Sleep(4*rememberEmpty - 2*time.Second)
		if got := p.Pace(); got < w.frame*8/10 || got > w.frame*11/10 {
			t.Errorf("a frame takes %v, and the pace is %v", w.frame, got)
		}
		all.Wait()
	})
}

func TestPaceFollowsALinkThatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := &wireOf{delay: time.Millisecond, frame: time.Millisecond}, &Path{}
		w.call(p, 0)
		for _, frame := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 2 * time.Millisecond} {
			w.frame = frame
			for began := time.Now(); time.Since(began) < 3*rememberFrame; {
				w.call(p, 2)
			}
			if got := p.Pace(); got != frame {
				t.Errorf("a frame takes %v, and the pace is %v", frame, got)
			}
		}
	})
}

// The rate is the link's, whatever the frames are: a run that is cut anew has others from one moment to the next.
func TestRateIsTheLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const carries = 2e6 // bytes a second
		w, p := &wireOf{delay: 3 * time.Millisecond}, &Path{}
		w.call(p, 0)
		w.frame = time.Millisecond
		if w.call(p, 1); p.Rate() != 0 {
			t.Errorf("%g bytes a second, and no frame has any", p.Rate())
		}
		for _, w.bytes = range []int{20_000, 500, 4000} {
			w.frame = time.Duration(float64(w.bytes) / carries * float64(time.Second))
			w.call(p, 2)
			if got := p.Rate(); got < 0.99*carries || got > 1.01*carries {
				t.Errorf("frames of %d bytes: %g bytes a second", w.bytes, got)
			}
		}
		w.frame = 0 // faster than can be told
		if w.call(p, 1); p.Rate() < 1e9 || p.Rate() > 1e15 {
			t.Errorf("%g bytes a second", p.Rate())
		}
	})
}
