package pipeline

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// A trace has a line for each decision, in their order and with what was known, and the states add up to the whole time.
func TestTraceAndStates(t *testing.T) {
	for _, e := range strategy.All() {
		if e.Whole {
			continue // nothing is decided
		}
		for _, load := range []Loading{strategy.Background, strategy.Blocking} {
			t.Run(e.Name+" "+string(load), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var lines []Decided
					began := time.Now()
					p := plan{
						run:    Run{ID: "r", Strategy: e.Name, Tasks: 5, Load: load, Frames: 600, Interval: 10 * time.Millisecond},
						slow:   []int{2},
						device: func(int, int) *fakeNet { return pi() },
						adjust: func(c *StageConfig) {
							if c.ID.Role == "fast" {
								c.Traced = func(d Decided) { lines = append(lines, d) }
							}
						},
						link: func(_, i int, to Sender) Hopper {
							return outage{to, within(began, 2*time.Second, 3*time.Second)}
						},
					}
					r := p.start().play()
					checkTrace(t, lines, r.Nodes[1])
					var all float64
					for state, share := range r.Nodes[1].States {
						if share < 0 || share > 100 {
							t.Errorf("%s: %v %%", state, share)
						}
						all += share
					}
					if math.Abs(all-100) > 1e-6 {
						t.Errorf("the states add up to %v %%: %v", all, r.Nodes[1].States)
					}
					if down := r.Nodes[1].States[HopDown]; down < 10 || down > 20 {
						t.Errorf("the slow nodes were down for 1 s of 6, and the states are %v", r.Nodes[1].States)
					}
				})
			})
		}
	}
}

// outage is the way to a node that is down for a while.
type outage struct {
	Sender
	down func() bool
}

func (o outage) Neighbour() strategy.Neighbour {
	return strategy.Neighbour{Up: !o.down(), RoundTrip: time.Millisecond}
}
func (outage) ID() NodeID       { return NodeID{} }
func (outage) Left(string) bool { return false }
func (outage) Life() string     { return "" }

func checkTrace(t *testing.T, lines []Decided, fast Entry) {
	t.Helper()
	forwards, finishes := int64(0), int64(0)
	reasons := map[strategy.Reason]int64{}
	var last Decided
	for _, d := range lines {
		switch d.Decision {
		case "forward":
			forwards++
		case "finish":
			finishes++
		case "wait":
		default:
			t.Fatalf("decision %q", d.Decision)
		}
		if d.Reason != "" {
			reasons[d.Reason]++
		}
		if d.Node != "fast" || d.State == "" || len(d.Slow) != 2 || d.To < 0 || d.To > 1 || d.Backlog < 0 || d.Backlog > d.Capacity {
			t.Fatalf("line %+v", d)
		}
		if d.AtMS < last.AtMS || d.Refused < last.Refused || d.Switches < last.Switches {
			t.Fatalf("after %+v comes %+v", last, d)
		}
		for i, s := range d.Slow {
			if s.QueuedMS < 0 || s.InFlight < 0 || s.Length < 0 || s.Length > s.Queue || len(last.Slow) > 0 && s.Refused < last.Slow[i].Refused {
				t.Fatalf("after %+v comes %+v", last, d)
			}
		}
		if (d.Slow[0].Up || d.Slow[1].Up) == (d.State == HopDown) {
			t.Fatalf("state %q in %+v", d.State, d)
		}
		last = d
	}
	// What slow refuses comes back under some strategies, and is then decided about again.
	if finishes != fast.Finished || forwards < fast.Forwarded || int64(len(lines)) < fast.Received-fast.Refused {
		t.Errorf("%d lines, %d forward and %d finish: %v", len(lines), forwards, finishes, fast)
	}
	for why, n := range fast.Decisions {
		if reasons[why] != n {
			t.Errorf("%q: %d lines, and the report counts %d", why, reasons[why], n)
		}
	}
	if last.Switches > fast.Switches || last.Refused > fast.Refused {
		t.Errorf("the last line is %+v, and the report has %v", last, fast)
	}
}
