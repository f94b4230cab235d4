//go:build slow

package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/strategy"
)

// A slow node that is restarted politely, as by systemctl restart, costs next to nothing with a strategy that keeps frames,
// and of two that are restarted one after the other nobody misses anything. Nothing else of this package runs meanwhile, but
// a machine that is too busy to emulate the devices shows nothing.
func TestPoliteRestartsCostLittle(t *testing.T) {
	for _, test := range []struct {
		topology topology
		coverage float64
	}{{topologies[0], 99}, {topologies[1], 99.5}} {
		t.Run(test.topology.name, func(t *testing.T) {
			const tries = 3
			for range tries {
				r := politely(t, test.topology)
				t.Logf("coverage %.1f %%: %q", r.Coverage, r.Notes)
				if r.Coverage >= test.coverage {
					return
				}
				if !slices.ContainsFunc(r.Notes, tooBusy) {
					t.Fatalf("coverage %.1f %%, want %v %%: %+v", r.Coverage, test.coverage, r)
				}
			}
			t.Skip("this machine is too busy")
		})
	}
}

// Each node in turn is stopped politely in the midst of a run, and comes back before --idle and after it: the run goes on, and
// has it again at once.
func TestRestartedNodesAreUsedAgain(t *testing.T) {
	const idle, back = 2 * time.Second, soon + time.Second
	for _, e := range strategy.All() {
		for _, away := range []time.Duration{idle / 4, idle * 5 / 4} {
			t.Run(fmt.Sprintf("%s %v", e.Name, away), func(t *testing.T) {
				t.Parallel()
				faults := rolling(time.Second, away, back, topologies[1].nodes()...)
				trial{topologies[1], e.Name, time.Second + time.Duration(len(faults))*(away+back), faults, idle, false}.run(t)
			})
		}
	}
}

// politely plays a run in which every slow node is restarted, and is used again.
func politely(t *testing.T, top topology) pipeline.Report {
	t.Helper()
	s := newSite(t, top.with(nil, []string{"--emulate", "pi3"}), false)
	client := s.client("--strategy", "balance", "--frames", "1000", "--interval", interval.String())
	began := time.Now()
	fast := s.process("fast")
	fast.line(t, &fast.stderr, `"run opened"`)
	played := s.play(t.Context(), rolling(3*time.Second, time.Second, time.Second, top.slow()...))
	for _, o := range played {
		s.used(t, o)
	}
	s.takenUp(played, began.Add(1000*interval))
	client.exit(t, 0)
	r, err := client.report()
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	return r
}

// used checks that a node takes frames soon after it is ready again.
func (s *site) used(t *testing.T, o outage) {
	t.Helper()
	o.back.line(t, &o.back.stderr, `"message":"ready"`)
	ready := o.back.stderr.when(`"message":"ready"`)
	for {
		at := time.Now()
		var shown struct{ Nodes []pipeline.Entry }
		if answer, err := http.Get("http://" + s.address[o.node] + "/status"); err == nil {
			_ = json.NewDecoder(answer.Body).Decode(&shown) // nothing is as good as none
			_ = answer.Body.Close()
		}
		for _, e := range shown.Nodes {
			if strings.HasPrefix(o.node, e.Role) && e.Address == s.address[o.node] && e.Received > 0 {
				return
			}
		}
		if at.After(ready.Add(soon)) {
			t.Errorf("%v: of frames it has seen none %v after it was ready: %+v", o.fault, soon, shown)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
