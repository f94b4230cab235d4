package pipeline

import (
	"math"
	"testing"
)

// most is the largest number of frames that one fast and one slow node can deliver, found by dynamic programming over the states
// at which fast is free: when that is, how many frames wait, and when slow will have worked off what it has. Times are in
// milliseconds, and deciding costs nothing.
func most(frames, interval, head, tail, slow, places int) int {
	type state struct{ now, came, waits, until int } // came: frames that have been offered
	best := map[state]int{{now: 0, came: 1, waits: 1}: 0}
	all := 0
	later := func(s state, now int) state { // frames come until now, and find places or not
		for s.came < frames && s.came*interval <= now {
			s.came++
			s.waits = min(s.waits+1, places)
		}
		s.now = now
		return s
	}
	for len(best) > 0 {
		next := make(map[state]int)
		reach := func(s state, delivered int) {
			s.until = max(s.until, s.now) // all that was before is alike
			if d, is := next[s]; !is || delivered > d {
				next[s] = delivered
			}
		}
		for s, delivered := range best {
			all = max(all, delivered)
			if s.waits == 0 {
				if s.came < frames {
					reach(later(s, s.came*interval), delivered)
				}
				continue
			}
			taken := s
			taken.waits--
			reach(later(taken, s.now+head+tail), delivered+1)
			if at := s.now + head; s.until-at <= places*slow { // slow has a place
				to := later(taken, at)
				to.until = max(s.until, at) + slow
				reach(to, delivered+1)
			}
		}
		best = next
	}
	return all
}

// The fluid limit is no less than what can be reached, and not much more.
func TestFluidLimit(t *testing.T) {
	cases := []struct{ frames, interval, head, tail, slow, places int }{
		{100, 15, 5, 60, 30, 2}, {100, 30, 4, 42, 42, 3}, {100, 20, 4, 42, 42, 3}, {100, 10, 4, 40, 40, 4}, {100, 25, 10, 30, 100, 3},
	}
	if testing.Short() { // all of them take long under qemu
		cases = cases[:1]
	}
	for _, c := range cases {
		l := fluid{head: float64(c.head) / 1000, tail: float64(c.tail) / 1000, slow: []float64{float64(c.slow) / 1000}, places: 2 * c.places}
		limit := l.coverage(1000/float64(c.interval), int64(c.frames))
		reached := 100 * float64(most(c.frames, c.interval, c.head, c.tail, c.slow, c.places)) / float64(c.frames)
		t.Logf("%+v: %.1f %% can be reached, and %.1f %% is the limit", c, reached, limit)
		if reached > limit+1e-9 || limit-reached > 8 {
			t.Errorf("%+v: %.1f %% can be reached, and %.1f %% is the limit", c, reached, limit)
		}
	}
}

func TestFluidRate(t *testing.T) {
	l := fluid{head: 0.004, tail: 0.042, slow: []float64{0.042}}
	for offered, want := range map[float64]float64{20: 20, 33: 33, 100: 1/0.042 + (1-0.004/0.042)/0.046} {
		if got := l.rate(offered); math.Abs(got-want) > 1e-9 {
			t.Errorf("of %v f/s %v are possible, and not %v", offered, want, got)
		}
	}
	if l = (fluid{head: 0.01, tail: 0.05, slow: []float64{0.005}}); l.rate(500) != 100 {
		t.Errorf("heads alone are 100 a second, and not %v", l.rate(500))
	}
}
