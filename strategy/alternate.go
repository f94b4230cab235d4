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
	tasks    int
	left     int  // frames of this burst still to finish
	finished bool // the frame before this one was finished here, so this one goes to slow
}

var _ Strategy = (*alternate)(nil)

func newAlternate(p Params) Strategy { return &alternate{tasks: p.Tasks} }

func (a *alternate) Next(Situation) Decision {
	if a.left == 0 || a.finished {
		a.finished = false
		return Decision{Hold: a.left > 0}
	}
	a.left--
	a.finished = true
	return Decision{Finish: true, Hold: a.left > 0}
}

func (a *alternate) Observe(f Feedback) {
	if f.Overloaded() && a.left == 0 {
		a.left = a.tasks
	}
}
