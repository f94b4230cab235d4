package pipeline

import (
	"math"
	"testing"
)

// most is the largest number of frames that one fast and one slow node can deliver, found by dynamic programming over the states
// at which fast is free: when that is, how many frames wait, and when slow will have worked off what it has. How many have come
// follows from when it is. Times are in milliseconds, and deciding costs nothing.
func most(frames, interval, head, tail, slow, places int) (all int) {
	type state struct{ waits, until int }
	came := func(now int) int { return min(frames, now/interval+1) }
	best := map[int]map[state]int{0: {{waits: 1}: 0}} // what was delivered, by when that is: later states follow from earlier ones
	for now := 0; len(best) > 0; now++ {
		reach := func(at int, s state, delivered int) { // frames come until then, and find places or not
			s.waits = min(s.waits+came(at)-came(now), places)
			s.until = max(s.until, at) // all that was before is alike
			if best[at] == nil {
				best[at] = map[state]int{}
			}
			if d, is := best[at][s]; !is || delivered > d {
				best[at][s] = delivered
			}
		}
		for s, delivered := range best[now] {
			all = max(all, delivered)
			switch next := came(now) * interval; {
			case s.waits > 0:
				taken := state{s.waits - 1, s.until}
				reach(now+head+tail, taken, delivered+1)
				if at := now + head; s.until-at <= places*slow { // slow has a place
					reach(at, state{taken.waits, max(s.until, at) + slow}, delivered+1)
				}
			case came(now) < frames:
				reach(next, s, delivered)
			}
		}
		delete(best, now)
	}
	return all
}

// The fluid limit is no less than what can be reached, and not much more.
func TestFluidLimit(t *testing.T) {
	for _, c := range []struct{ frames, interval, head, tail, slow, places int }{
		{100, 15, 5, 60, 30, 2}, {100, 30, 4, 42, 42, 3}, {100, 20, 4, 42, 42, 3}, {100, 10, 4, 40, 40, 4}, {100, 25, 10, 30, 100, 3},
	} {
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
