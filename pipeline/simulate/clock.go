package simulate

import "time"

// clock is virtual time: it jumps from one event to the next. Events of one moment happen in the order in which they were
// planned.
type clock struct {
	now     time.Time
	events  []event // a heap: none is earlier than that at (i-1)/2
	planned uint64
}

type event struct {
	at    time.Duration // since the epoch
	order uint64
	do    func()
}

// epoch is when virtual time begins.
var epoch = time.Unix(0, 0).UTC()

func (e *event) before(f *event) bool { return e.at < f.at || e.at == f.at && e.order < f.order }

// after plans an event.
func (c *clock) after(d time.Duration, do func()) { c.at(c.now.Add(max(0, d)), do) }

// at plans an event at a moment that has not passed.
func (c *clock) at(moment time.Time, do func()) {
	c.planned++
	e := event{moment.Sub(epoch), c.planned, do}
	c.events = append(c.events, e)
	i := len(c.events) - 1
	for i > 0 {
		above := (i - 1) / 2
		if !e.before(&c.events[above]) {
			break
		}
		c.events[i] = c.events[above]
		i = above
	}
	c.events[i] = e
}

// next lets the next event happen. It reports false where there is none.
func (c *clock) next() bool {
	last := len(c.events) - 1
	if last < 0 {
		return false
	}
	first, e := c.events[0], c.events[last]
	c.events[last] = event{} // its memory
	c.events = c.events[:last]
	for i := 0; last > 0; {
		below := 2*i + 1
		if below+1 < last && c.events[below+1].before(&c.events[below]) {
			below++
		}
		if below >= last || !c.events[below].before(&e) {
			c.events[i] = e
			break
		}
		c.events[i] = c.events[below]
		i = below
	}
	c.now = epoch.Add(first.at)
	first.do()
	return true
}
