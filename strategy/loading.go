package strategy

import (
	"fmt"
	"slices"
)

// Loading says how a switch is made.
type Loading string

// The ways of loading.
const (
	// Background: the tail is read beside the work, and frames go on being forwarded.
	Background Loading = "background"
	// Blocking: the stage loop reads the tail, as in the original, and frames pile up meanwhile.
	Blocking Loading = "blocking"
)

// ParseLoading reads the name of a way of loading.
func ParseLoading(s string) (Loading, error) {
	if !slices.Contains([]Loading{Background, Blocking}, Loading(s)) {
		return "", fmt.Errorf("load %q is unknown: use %s or %s", s, Background, Blocking)
	}
	return Loading(s), nil
}

// background keeps the decision to finish a frame until the tail has been loaded beside the work. Frames are forwarded
// until then, and the strategy behind it does not notice.
type background struct {
	Strategy
	due  bool // next stands and waits for the tail
	next Decision
}

func (b *background) Next(s Situation) Decision {
	if !b.due {
		b.next = b.Strategy.Next(s)
	}
	b.due = b.next.Finish && !s.Resident
	if b.due {
		return Decision{Load: true, Hold: true, Reason: WarmingUp}
	}
	return b.next
}

// blocking finishes a frame where the strategy would begin to load beside the work: the switch is then made first.
type blocking struct{ Strategy }

func (b blocking) Next(s Situation) Decision {
	d := b.Strategy.Next(s)
	if d.Load && !s.Resident {
		return Decision{Finish: true, Hold: true, Reason: d.Reason}
	}
	return d
}

// Start makes the strategy for one run.
func (e Entry) Start(p Params) Strategy {
	s := e.New(p)
	switch {
	case e.Loading == Blocking && p.Loading == Background:
		return &background{Strategy: s}
	case e.Loading == Background && p.Loading == Blocking:
		return blocking{s}
	}
	return s
}
