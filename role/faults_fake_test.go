package role

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/strategy"
)

// fault is what becomes of a node, and for how long it is away.
type fault struct {
	kind      string
	at, lasts time.Duration
	node      int
}

// The ways in which a node may leave.
const (
	stopped  = "stopped"   // politely (SIGTERM)
	killed   = "killed"    // at once (SIGKILL)
	frozen   = "frozen"    // and goes on later (SIGSTOP, SIGCONT)
	unplug   = "unplugged" // with its machine: nobody tells its neighbours
	usedTime = 2 * time.Second
)

func (f fault) String() string {
	return fmt.Sprintf("node %d %s at %v for %v", f.node, f.kind, f.at, f.lasts)
}

// planFaults plans one to three, of which each may overlap the others. Half of them last longer than --idle.
func planFaults(random *rand.Rand, nodes int, idle time.Duration) (faults []fault) {
	for range 1 + random.IntN(3) {
		f := fault{[]string{stopped, stopped, killed, frozen, unplug}[random.IntN(5)], time.Second + between(random, 0, 4*time.Second), 0, random.IntN(nodes)}
		if f.lasts = between(random, 200*time.Millisecond, idle*3/4); random.IntN(2) == 0 {
			f.lasts = between(random, idle*5/4, idle*7/4)
		}
		faults = append(faults, f)
	}
	slices.SortFunc(faults, func(a, b fault) int { return int(a.at - b.at) })
	return faults
}

func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}

// Whoever leaves in whatever way and returns, in every strategy and topology: each frame is accounted for, the run goes on, and
// who is back is used.
func TestWhoeverLeavesAndReturns(t *testing.T) {
	t.Parallel()
	topologies := [][]int{{1}, {2}, {1, 1}}
	for seed := range map[bool]uint64{false: 1, true: 16}[long] {
		for i, e := range strategy.All() {
			t.Run(fmt.Sprintf("seed %d %s", seed, e.Name), func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				slow := topologies[(int(seed)+i)%len(topologies)]
				synctest.Test(t, func(t *testing.T) { playFaults(t, random, e, slow) })
			})
		}
	}
}

func playFaults(t *testing.T, random *rand.Rand, e strategy.Entry, slow []int) {
	s := newFakeSite(t, quickSite(), slow...)
	faults := planFaults(random, len(s.members), s.cfg.Idle)
	last := time.Duration(0)
	for _, f := range faults {
		last = max(last, f.at) + f.lasts
	}
	s.play(e, faults, uint64((last+8*time.Second)/s.cfg.Interval))
}

// play plays a run of so many frames, to which these faults happen, and checks it.
func (s *fakeSite) play(e strategy.Entry, faults []fault, frames uint64) pipeline.Report {
	defer func() {
		if s.t.Failed() {
			s.t.Logf("%s, %d nodes: %v\n%s", e.Name, len(s.members), faults, s.story.String())
		}
	}()
	var playing sync.WaitGroup
	for i, f := range faults {
		playing.Go(func() {
			time.Sleep(f.at)
			s.inflict(f, i%2 == 0)
		})
	}
	r, err := s.client(e, frames)
	playing.Wait() // also where the run has ended before
	s.stop()
	if err != nil {
		s.t.Errorf("the run ends with %v", err)
	}
	checkRun(s.t, r, frames, faults)
	return r
}

// All nodes are started again, one after the other, politely or not.
func TestRollingRestart(t *testing.T) {
	for i, e := range strategy.All() {
		if !long && !e.Keeps && !e.Whole {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newFakeSite(t, quickSite(), 2)
				var faults []fault
				for order, n := range []int{0, 3, 1, 2} { // a new fast node meets slow ones that began with the end before
					at := time.Second + time.Duration(order)*2500*time.Millisecond
					faults = append(faults, fault{[]string{stopped, killed}[i%2], at, 300 * time.Millisecond, n})
				}
				s.play(e, faults, 200)
			})
		})
	}
}

// A slow node that is started again as a service is takes next to nothing from a run, under a strategy that keeps frames: the
// site is the Raspberry Pis of the study, at its rate.
func TestPoliteRestartLosesNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		slow  int
		least float64 // percent
	}{{1, 99}, {2, 99.5}} {
		t.Run(fmt.Sprint(test.slow), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := quickSite()
				c.Emulate, c.Interval, c.Queue = device.Pi3, 30*time.Millisecond, 10
				s := newFakeSite(t, c, test.slow)
				faults := []fault{{stopped, 3 * time.Second, time.Second, 1}}
				if test.slow == 2 {
					faults = append(faults, fault{stopped, 6 * time.Second, time.Second, 2})
				}
				e, _ := strategy.Lookup("balance")
				if r := s.play(e, faults, 400); r.Coverage < test.least {
					t.Errorf("coverage %.2f %%, of %d frames: notes %q", r.Coverage, r.Frames, r.Notes)
				}
			})
		})
	}
}

// checkRun checks what holds for every run.
func checkRun(t *testing.T, r pipeline.Report, frames uint64, faults []fault) {
	if r.Unaccounted != 0 || r.Frames != int64(frames) {
		t.Errorf("%d of %d frames are unaccounted, %d sent", r.Unaccounted, r.Frames, frames)
	}
	for _, n := range r.Nodes {
		if n.Here() != 0 {
			t.Errorf("the ledger does not add up: %v", n)
		}
	}
	if polite := !slices.ContainsFunc(faults, func(f fault) bool { return f.kind != stopped }); polite && r.Died > 0 {
		t.Errorf("%d have died, and all were stopped politely", r.Died)
	}
	if t.Failed() {
		for _, n := range r.Nodes {
			t.Logf("%v", n)
		}
		t.Logf("delivered %d, twice %d, double counted %d, forgotten %d, died %d, last seen %v, notes %q", r.Delivered, r.Duplicates, r.DoubleCounted, r.Forgotten, r.Died, r.LastSeen, r.Notes)
	}
}
