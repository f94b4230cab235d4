//go:build slow

package chaos

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/strategy"
)

var (
	seeds    = flag.String("seeds", "", "schedules to play, as in 1-50 or 7,9 (default: a few short ones over loopback)")
	length   = flag.Duration("length", 30*time.Second, "how long frames are sent in each")
	longest  = flag.Duration("longest", 4*time.Second, "how long a fault lasts at most")
	only     = flag.String("strategy", "", "of each schedule (default: every strategy)")
	loopback = flag.Bool("loopback", false, "use no network namespaces")
)

// idles are --idle of every other schedule. A node that is silent for longer has left the run: with the first none has.
var idles = []time.Duration{10 * time.Second, 2 * time.Second}

// trial is one run under a schedule.
type trial struct {
	topology   topology
	strategy   string
	length     time.Duration
	faults     schedule
	idle       time.Duration
	namespaces bool
}

// Whatever breaks, every frame is accounted for, nothing hangs, and all nodes are as good as new afterwards.
func TestChaos(t *testing.T) {
	if *seeds == "" {
		t.Skip("for the long form name -seeds")
	}
	why := permitted()
	if why != "" && !*loopback {
		t.Logf("network namespaces are not permitted here (%s): over loopback only processes are broken", why)
	}
	for _, seed := range parseSeeds(t, *seeds) {
		for _, e := range strategy.All() {
			if *only != "" && *only != e.Name {
				continue
			}
			try := trial{topologies[seed%uint64(len(topologies))], e.Name, *length, nil, idles[seed%2], why == "" && !*loopback}
			possible := ofNodes
			if !try.namespaces {
				possible = local
			}
			try.faults = plan(seed, *length, *longest, append(try.topology.nodes(), "client"), possible)
			t.Run(fmt.Sprintf("seed %d %s", seed, e.Name), func(t *testing.T) {
				t.Parallel()
				try.run(t)
			})
		}
	}
}

// The short form: it needs no rights, and takes a few seconds.
func TestChaosOverLoopback(t *testing.T) {
	if testing.Short() || *seeds != "" || *soak > 0 {
		t.Skip("the long form is run")
	}
	const short = 300 * time.Millisecond
	faults := schedule{
		{kind: kill, at: short, lasts: short, node: "slow"},
		{kind: stop, at: 2 * short, lasts: short, node: "fast"},
		{kind: kill, at: 4 * short, lasts: short, node: "end"},
	}
	faults = append(faults, rolling(6*short, short, short, "slow", "fast", "end")...)
	for _, e := range []string{"baseline", "balance"} {
		try := trial{topologies[0], e, 16 * short, faults, 2 * time.Second, false}
		t.Run(e, func(t *testing.T) {
			t.Parallel()
			try.run(t)
		})
	}
}

func parseSeeds(t *testing.T, text string) (all []uint64) {
	t.Helper()
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 64)
		last, err2 := strconv.ParseUint(to, 10, 64)
		if err != nil || err2 != nil {
			t.Fatalf("-seeds %s: use numbers and ranges, as in 1-50 or 7,9", text)
		}
		for ; first <= last; first++ {
			all = append(all, first)
		}
	}
	return all
}

const interval = 30 * time.Millisecond

func (c trial) run(t *testing.T) {
	s := newSite(t, c.topology.with([]string{"--idle", c.idle.String()}, []string{"--emulate", "pi3"}), c.namespaces)
	defer func() {
		if t.Failed() {
			t.Logf("%s, %s:\n%v", c.strategy, c.topology.name, c.faults)
		}
	}()

	client := s.opened(t, "--strategy", c.strategy, "--frames", strconv.Itoa(int(c.length/interval)), "--interval", interval.String())
	began := client.machine.began
	ctx, over := context.WithCancel(t.Context())
	defer over()
	played := s.play(ctx, c.faults)
	if !client.exits(time.Until(began.Add(c.length + *longest + patience))) {
		s.dumps(t, "the client does not end")
	}
	took := time.Since(began)
	report, err := client.report()
	if err != nil {
		t.Fatal(err)
	}
	check(t, report)
	if client.code() != 0 {
		t.Errorf("the client ends with code %d: %s", client.code(), client.stderr.text())
	}
	steady := client.machine.steady()
	s.takenUp(played, began.Add(c.length), steady)
	stays := steady && !slices.ContainsFunc(c.faults, func(f fault) bool { return f.lasts > c.idle/2 }) // every node, in the run
	endEnds, workerEnds := c.faults.ends("end"), c.faults.ends("fast", "slow", "slow1", "slow2")
	if stays && (report.Forgotten > 0 && !endEnds || report.Died > 0 && !workerEnds) {
		t.Errorf("%d frames are forgotten and %d have died, and nobody ended for them: %s", report.Forgotten, report.Died, client.stdout.text())
	}
	s.again(t, c.idle)
	s.leave(t, len(c.faults)%2)
	t.Logf("%s, %s: %d faults in %.0f s, %d frames, %d delivered, %d forgotten, %d died, %d twice: %s", c.strategy, c.topology.name,
		len(c.faults), took.Seconds(), report.Frames, report.Delivered, report.Forgotten, report.Died, report.DoubleCounted, report.Notes)
}

// opened starts a client, and returns when its run is open. Where the machine stands still while it is opened, nodes may have
// closed it again for want of a sign of life.
func (s *site) opened(t *testing.T, flags ...string) *process {
	t.Helper()
	fast := s.process("fast")
	for deadline := time.Now().Add(patience); ; {
		client := s.client(flags...)
		for ended := false; !ended; {
			ended = client.exits(10 * time.Millisecond)
			if fast.stderr.find([]string{`"message":"run opened"`}) != "" {
				return client
			}
			if time.Now().After(deadline) {
				s.dumps(t, "no run is opened")
			}
		}
		if client.machine.calm(t) {
			t.Fatalf("no run is opened: %s", client.stderr.text())
		}
	}
}

// again plays a further run: whatever has happened before, all of it arrives. On a machine that is not calm it may take a few.
func (s *site) again(t *testing.T, idle time.Duration) {
	t.Helper()
	for began, machine := time.Now(), watch(t); ; time.Sleep(idle / 10) {
		p := s.client("--strategy", "baseline", "--frames", "20", "--interval", "60ms")
		if !p.exits(patience) {
			s.dumps(t, "a further run does not end")
		}
		r, err := p.report()
		if late := time.Since(began); err != nil && (late > patience || late > 3*idle && machine.calm(t)) {
			t.Fatalf("no further run is possible: %v", err)
		} else if err != nil { // somebody may still hold the old run open
			t.Logf("a further run is not possible yet: %v", err)
			continue
		}
		check(t, r)
		if r.Coverage == 100 && onlyBusy(r.Notes) {
			return
		}
		if machine.calm(t) || time.Since(began) > patience {
			t.Fatalf("of a further run %v %% arrive: %+v", r.Coverage, r)
		}
	}
}

// leave stops the nodes. Every other one is asked to go, beginning with the first or the second, and those between say
// what their goroutines are about: no run is open, so none of a run may be left.
func (s *site) leave(t *testing.T, first int) {
	t.Helper()
	nodes := s.topology.nodes()
	for i := len(nodes) - 1; i >= 0; i-- { // from the beginning of the pipeline
		p := s.process(nodes[i])
		if (first+i)%2 == 0 {
			p.signal(syscall.SIGTERM)
			if !p.exits(patience) || p.code() != 0 {
				t.Errorf("%s is told to stop, and does not, or not well: %s", p.name, p.dump())
			}
			continue
		}
		for text := range strings.SplitSeq(p.dump(), "\n\n") {
			if state, _, _ := strings.Cut(text, "\n"); strings.Contains(state, "[runnable]") { // it has been told to end
				continue
			}
			for _, part := range []string{"tandem/pipeline.", "role.(*edge)", "role.(*node).watch", "role.(*stagePart)", "role.(*watch)"} {
				if strings.HasPrefix(text, "goroutine ") && strings.Contains(text, part) {
					t.Errorf("%s has a goroutine left: %s", p.name, text)
				}
			}
		}
	}
}
