package role

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
)

func statusOf(role, address string) pipeline.Status {
	return pipeline.Status{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: role, Address: address}}}
}

// A node is heard of on several ways, and the newest counts; what nobody tells again grows old.
func TestNewestStatusCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newView(pipeline.NodeID{Role: "end", Address: "end:1"})
		v.begin(func() pipeline.Status { return statusOf("end", "end:1") })
		tell := func(received int64, age float64) {
			s := statusOf("fast", "fast:1")
			s.Received, s.HeardS = received, age
			v.hear([]pipeline.Status{s})
		}
		check := func(received int64, age float64) {
			t.Helper()
			s := v.statuses()[0]
			if s.Role != "fast" || s.Received != received || s.HeardS != age {
				t.Errorf("%+v, want %d received, %v s ago", s, received, age)
			}
		}
		tell(10, 0.5)
		check(10, 0.5)
		time.Sleep(time.Second)
		check(10, 1.5)
		tell(8, 2) // on a longer way
		check(10, 1.5)
		tell(12, 0.25)
		check(12, 0.25)
		time.Sleep(time.Minute)
		check(12, 60.25)
		tell(3, 0) // it was started again
		check(3, 0)
		if all := v.statuses(); len(all) != 2 || all[1].Role != "end" || all[1].HeardS != 0 {
			t.Errorf("%+v", all)
		}
	})
}

// Nodes are shown in the order in which frames pass them, and no more than are remembered.
func TestOrderAndNumberOfStatuses(t *testing.T) {
	v := newView(pipeline.NodeID{Role: "slow", Address: "own"})
	if len(v.statuses()) != 0 {
		t.Error("a part that has not begun shows itself")
	}
	own := statusOf("slow", "own")
	own.Layers = [2]int{2, 4}
	v.begin(func() pipeline.Status { return own })
	early, late := statusOf("slow", "z"), statusOf("slow", "a")
	early.Layers, late.Layers = [2]int{1, 2}, [2]int{4, 5}
	v.hear([]pipeline.Status{late, statusOf("fast", "f"), early, statusOf("stranger", "x"), statusOf("slow", "own"), statusOf("client", "")})
	var got []string
	for _, s := range v.statuses() {
		got = append(got, s.Role+" "+s.Address)
	}
	if want := []string{"client ", "fast f", "slow z", "slow own", "slow a"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range 500 {
		v.hear([]pipeline.Status{statusOf("slow", strconv.Itoa(i))})
	}
	if n := len(v.statuses()); n != maxHeard+1 {
		t.Errorf("%d nodes are shown, of which %d are others", n, maxHeard)
	}
}

func TestNewestSummaryCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newView(pipeline.NodeID{Role: "client"})
		v.learn(nil)
		if v.summary() != nil {
			t.Error("there is a summary of nothing")
		}
		v.learn(&pipeline.Live{Delivered: 5, HeardS: 0.5})
		v.learn(&pipeline.Live{Delivered: 4, HeardS: 1})
		time.Sleep(time.Second)
		if l := v.summary(); l.Delivered != 5 || l.HeardS != 1.5 {
			t.Errorf("%+v", l)
		}
	})
}

// look fetches a node's status.
func look(t *testing.T, s *server) statusReport {
	t.Helper()
	code, header, text := get(t, s, "/status")
	var r statusReport
	if err := json.Unmarshal([]byte(text), &r); err != nil || code != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Fatalf("code %d: %v: %s", code, err, text)
	}
	return r
}

// until looks at a node again and again.
func until(t *testing.T, s *server, what string, is func(statusReport) bool) statusReport {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		r := look(t, s)
		if is(r) {
			return r
		}
		if time.Now().After(deadline) {
			t.Fatalf("not %s: %+v", what, r)
		}
	}
}

// Without being told addresses, end knows what every node is doing, however they are arranged; and the others know what
// end says of the run.
func TestEndKnowsEveryNode(t *testing.T) {
	for _, test := range []struct {
		name, strategy string
		start          func(*testing.T, Config) *localNodes
		slow           int
	}{
		{"one slow node", "balance", startQuick, 1},
		{"replicate", "replicate", startQuick, 1},
		{"three slow nodes", "balance", startQuick, 3},
		{"a chain", "balance", func(t *testing.T, c Config) *localNodes { return startChain(t, c, []string{"1", "2"}, 1, 1) }, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := quick()
			c.Frames, c.Interval, c.SlowNodes, c.Queue = 0, 5*time.Millisecond, test.slow, 20
			c.Version = "v1"
			nodes := test.start(t, c)
			if r := look(t, nodes.end); r.Run != nil || len(r.Nodes) != 1 || r.Nodes[0].Role != "end" || r.Node != r.Nodes[0].NodeID || r.Version != "v1" {
				t.Errorf("before the run: %+v", r)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			reports := make(chan pipeline.Report, 1)
			go func() {
				nodes := &localNodes{fast: nodes.fast, slow: nodes.slow[:1], end: nodes.end} // replicate has one
				r, err := nodes.run(ctx, c, test.strategy)
				if err != nil {
					t.Error(err)
				}
				reports <- r
			}()
			roles := []string{"client", "fast"}
			for range test.slow {
				roles = append(roles, "slow")
			}
			roles = append(roles, "end")
			live := until(t, nodes.end, "all nodes at work", func(r statusReport) bool {
				for i, n := range r.Nodes {
					if i > 0 && n.Received == 0 && test.name != "three slow nodes" { // balance may need only one
						return false
					}
				}
				return len(r.Nodes) == len(roles) && r.Nodes[0].RateOut > 0
			})
			addresses := map[string]bool{}
			for i, n := range live.Nodes {
				addresses[n.Address] = true
				if n.Role != roles[i] || n.HeardS > 2 || n.Role == "fast" && n.State == "" && test.strategy != "replicate" {
					t.Errorf("node %d: %+v", i, n)
				}
			}
			if len(addresses) != len(roles) {
				t.Errorf("addresses %v", addresses)
			}
			for _, s := range append([]*server{nodes.fast}, nodes.slow...) {
				if !addresses[s.address] {
					t.Errorf("%s is missing: %v", s.address, addresses)
				}
			}
			if live.Run.Strategy != test.strategy || live.Run.Model != "digits_mlp.onnx" || live.Run.IntervalMS != 5 || len(live.Run.Cuts) == 0 {
				t.Errorf("%+v", live.Run)
			}
			if l := live.Live; l == nil || l.Delivered == 0 || l.Sent < l.Delivered || l.Coverage <= 0 || l.Rate <= 0 || l.AgeP95MS < l.AgeP50MS {
				t.Errorf("%+v", l)
			}
			fast := until(t, nodes.fast, "told by end", func(r statusReport) bool { return r.Live != nil })
			if len(fast.Nodes) != 2 || fast.Nodes[0].Role != "client" || fast.Nodes[1].Role != "fast" || fast.Live.HeardS > 2 {
				t.Errorf("fast: %+v", fast)
			}
			stop()
			report := <-reports
			after := look(t, nodes.end)
			if after.Run != nil || after.Live != nil || len(after.Nodes) != len(roles) || report.Delivered == 0 {
				t.Errorf("after the run: %+v", after)
			}
			for i, n := range after.Nodes { // the final figures, and not those of the last sign of life
				if !reflect.DeepEqual(n.Entry, report.Nodes[i]) && n.Role != "slow" || n.RateIn != 0 || n.Here() != 0 {
					t.Errorf("after the run: %+v, and the report has %+v", n, report.Nodes[i])
				}
			}
		})
	}
}

// A node that falls silent keeps its last figures.
func TestSilentNodeGrowsOld(t *testing.T) {
	c := quick()
	c.Frames = 0
	nodes := startQuick(t, c)
	e, _, err := openEdge(t.Context(), edgeConfig{client: newClient(c, nodes.fast.address), from: "test", view: newView(pipeline.NodeID{Role: "client"})},
		pipeline.Run{ID: "r", Strategy: "baseline"})
	if err != nil {
		t.Fatal(err)
	}
	e.view.begin(func() pipeline.Status {
		s := statusOf("client", "")
		s.Received = 42
		return s
	})
	until(t, nodes.end, "aware of the client", func(r statusReport) bool { return r.Nodes[0].Received == 42 })
	e.stop() // no more signs of life
	e.beats.Wait()
	r := until(t, nodes.end, "aware that the client is silent", func(r statusReport) bool { return r.Nodes[0].HeardS > 1.5 })
	if r.Nodes[0].Role != "client" || r.Nodes[0].Received != 42 || r.Nodes[1].HeardS > 1.5 {
		t.Errorf("%+v", r.Nodes)
	}
	if _, err := e.close(t.Context(), ending{}); err != nil {
		t.Error(err)
	}
}

// Who has not opened the run is not shown, whatever it says of itself.
func TestStrangersAreNotShown(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	e, _, err := openEdge(t.Context(), edgeConfig{client: newClient(c, nodes.end.address), from: "test"}, pipeline.Run{ID: "r", Strategy: "baseline"})
	if err != nil {
		t.Fatal(err)
	}
	stranger := edgeConfig{client: newClient(c, nodes.end.address), from: "stranger", view: newView(pipeline.NodeID{Role: "fast"})}
	stranger.view.begin(func() pipeline.Status { return statusOf("fast", "<script>") })
	s := &edge{edgeConfig: stranger, run: e.run, calls: map[*call]time.Time{}} // which shows no further signs of life
	if err := s.beat(t.Context()); !errors.Is(err, pipeline.ErrUnknownRun) {
		t.Errorf("its sign of life: %v", err)
	}
	if _, _, text := get(t, nodes.end, "/status"); strings.Contains(text, "script") {
		t.Error(text)
	}
	if _, err := e.close(t.Context(), ending{}); err != nil {
		t.Error(err)
	}
}
