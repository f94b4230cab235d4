package strategy

// takeover answers an overload with a burst: it finishes the next tasks frames and leaves slow alone meanwhile.
//
//	           overload: left = tasks
//	forwarding ─────────────────────▶ finishing ──┐ left--
//	    ▲                                 │  ▲────┘
//	    └────────────── left = 0 ─────────┘
//
// An overload during a burst is the late answer to a frame sent before it, and changes nothing.
type takeover struct{ burst }

func (t *takeover) Next(Situation) Decision {
	if t.left == 0 {
		return Decision{}
	}
	t.left--
	return Decision{Finish: true, Hold: t.left > 0}
}

// burst is what an overload sets off.
type burst struct {
	tasks int
	left  int // frames of this burst still to finish
}

func (b *burst) Observe(f Feedback) {
	if f.Overloaded() && b.left == 0 {
		b.left = b.tasks
	}
}
