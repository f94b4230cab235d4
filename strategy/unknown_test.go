package strategy

import (
	"strings"
	"testing"
	"time"
)

// What balance and credit decide where little is known, or all is against them.
func TestDecisionsAtTheEdges(t *testing.T) {
	const ms = time.Millisecond
	known := Outlook{Up: true, Service: 40 * ms, Idle: time.Hour}
	full := known
	full.Full = true
	down := Outlook{Idle: time.Hour}
	for name, test := range map[string]struct {
		of   Strategy
		in   Situation
		want Decision
	}{
		"the first activation is computed, slow is full, and the tail is not here": {&balance{}, Situation{Now: time.Second, HeadDone: true, Head: 4 * ms, Capacity: 10, Slow: full},
			Decision{Load: true, Hold: true, Reason: WarmingUp, Wait: 10 * ms}},
		"slow is full, and its pace is not known": {&balance{}, Situation{Now: 2 * time.Minute, Capacity: 10, Slow: Outlook{Up: true, Full: true, Idle: 3 * time.Minute}},
			Decision{Load: true, Reason: WarmingUp, Wait: unasked / 4}},
		"slow is away":                   {&balance{}, Situation{Now: 2 * time.Minute, Resident: true, Head: 4 * ms, Tail: 40 * ms, Capacity: 10, Slow: down}, Decision{Finish: true, Hold: true, Reason: HopDown}},
		"slow is full":                   {&balance{}, Situation{Resident: true, Head: 4 * ms, Tail: 40 * ms, Capacity: 10, Slow: full}, Decision{Finish: true, Hold: true, Reason: QueueFull}},
		"nobody knows what a tail takes": {&balance{}, Situation{Now: 2 * time.Minute, Resident: true, Capacity: 10, Slow: Outlook{Up: true, Idle: time.Hour}}, Decision{Reason: SlowIsFree}},
		"no frames would find places while it finishes": {&balance{}, Situation{Resident: true, Head: 4 * ms, Tail: 40 * ms, Interval: 4 * ms, Capacity: 10, Slow: known}, Decision{Hold: true, Reason: SlowIsFree}},
		"a few frames find places":                      {&balance{}, Situation{Resident: true, Head: 4 * ms, Tail: 40 * ms, Interval: 5 * ms, Capacity: 10, Slow: known}, Decision{Finish: true, Hold: true, Reason: SlowIsBusy}},
		"granted":                                       {credit{}, Situation{Slow: Outlook{Up: true, Free: 1}}, Decision{Hold: true, Reason: Granted}},
		"no credit":                                     {credit{}, Situation{Resident: true, Slow: Outlook{Up: true, Free: 0.9}}, Decision{Finish: true, Hold: true, Reason: NoCredit}},
		"credit of nobody":                              {credit{}, Situation{Resident: true, Slow: Outlook{Free: 5}}, Decision{Finish: true, Hold: true, Reason: HopDown}},
		"no credit, and no tail":                        {credit{}, Situation{Slow: Outlook{Up: true, Service: 2 * ms}}, Decision{Load: true, Hold: true, Reason: WarmingUp, Wait: ms}},
	} {
		if got := test.of.Next(test.in); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// A way of loading that is none is refused with those that there are.
func TestParseLoading(t *testing.T) {
	for _, l := range []Loading{Background, Blocking} {
		if got, err := ParseLoading(string(l)); err != nil || got != l {
			t.Errorf("%s: %s, %v", l, got, err)
		}
	}
	if l, err := ParseLoading("lazy"); l != "" || err == nil || !strings.Contains(err.Error(), `load "lazy" is unknown: use background or blocking`) {
		t.Errorf("%q, %v", l, err)
	}
}
