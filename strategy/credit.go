package strategy

// credit forwards while slow has granted it: a place that is free in a slow node's queue, as its newest answer says, and
// one more each time it must have finished a frame since. What has no credit is finished here.
//
// It is simple and keeps slow's queue full, so frames grow older than under balance.
type credit struct{}

func (credit) Next(s Situation) Decision {
	d := Decision{Hold: true}
	switch {
	case s.Slow.Up && s.Slow.Free >= 1:
		d.Reason = Granted
	case s.Resident && !s.Slow.Up:
		d.Finish, d.Reason = true, HopDown
	case s.Resident:
		d.Finish, d.Reason = true, NoCredit
	default:
		d.Load, d.Reason, d.Wait = true, WarmingUp, patience(s)
	}
	return d
}

// Observe learns nothing beyond what the fleet does.
func (credit) Observe(Feedback) {}
