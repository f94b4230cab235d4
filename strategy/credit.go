package strategy

import "time"

// credit forwards while slow has granted it: a place that is free in slow's queue, as its newest answer says, and one
// more each time slow must have finished a frame since. What has no credit is finished here.
//
// It is simple and keeps slow's queue full, so frames grow older than under balance.
type credit struct {
	granted float64
	at      time.Duration // when granted was right
	slow    Feedback      // the newest answer
}

var _ Strategy = (*credit)(nil)

func newCredit(Params) Strategy { return &credit{granted: 1} }

func (c *credit) Next(s Situation) Decision {
	if c.slow.Service > 0 {
		c.granted += float64(s.Now-c.at) / float64(c.slow.Service)
		c.granted = min(c.granted, float64(c.slow.Capacity))
	}
	c.at = s.Now
	d := Decision{Hold: true}
	switch {
	case s.Up && c.granted >= 1:
		c.granted--
		d.Reason = Granted
	case s.Resident:
		d.Finish, d.Reason = true, NoCredit
	default:
		d.Load, d.Reason = true, WarmingUp
		d.Wait = max(c.slow.Service/4, time.Millisecond)
	}
	if !s.Up && d.Finish {
		d.Reason = HopDown
	}
	return d
}

func (c *credit) Observe(f Feedback) {
	if !f.Lost {
		c.slow, c.at = f, f.Now
		c.granted = float64(f.Capacity - f.Length)
	}
}
