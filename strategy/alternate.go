package strategy

// alternate answers an overload with a burst in which it finishes tasks frames and forwards one after each, so that
// slow is relieved of half the frames instead of all.
//
//	           overload: left = tasks      left--
//	forwarding ─────────────────────▶ finish ──▶ forward
//	    ▲                               ▲           │
//	    │                               └─ left > 0 ┤
//	    └─────────────────────────── left = 0 ──────┘
//
// An overload during a burst changes nothing: half the frames already stay away from slow.
type alternate struct {
	burst
	finished bool // the frame before this one was finished here, so this one goes to slow
}

func (a *alternate) Next(Situation) Decision {
	if a.left == 0 || a.finished {
		a.finished = false
		return Decision{Hold: a.left > 0}
	}
	a.left--
	a.finished = true
	return Decision{Finish: true, Hold: a.left > 0}
}
