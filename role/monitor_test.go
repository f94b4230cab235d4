package role

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/transport"
)

// The runs that end hands out are the reports that its clients have printed.
func TestPastRunsAreTheReports(t *testing.T) {
	c := quick()
	c.Frames = 10
	nodes := startQuick(t, c)
	wantJSON, wantCSV := new(bytes.Buffer), new(bytes.Buffer)
	asJSON, _ := report.Open(report.Options{Format: report.JSON, LastSeen: true, Stdout: wantJSON})
	asCSV, _ := report.Open(report.Options{Format: report.CSV, Stdout: wantCSV})
	for _, name := range []string{"baseline", "replicate"} {
		r, err := nodes.run(t.Context(), c, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := asJSON.Print(r); err != nil {
			t.Fatal(err)
		}
		if err := asCSV.Print(r); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{"/runs.jsonl": wantJSON.String(), "/runs.csv": wantCSV.String()} {
		code, header, got := get(t, c, nodes.end, path)
		if code != http.StatusOK || got != want {
			t.Errorf("%s: code %d\n%s, want\n%s", path, code, got, want)
		}
		if d := header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=") {
			t.Errorf("%s: %q", path, d)
		}
		if code, _, _ := get(t, c, nodes.fast, path); code != http.StatusNotFound {
			t.Errorf("%s on fast: code %d", path, code)
		}
	}
}

// Whoever watches is sent away when the node stops, and does not hold it up.
func TestStoppingNodeSendsViewersAway(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Role = options.End
		s, err := startNode(t.Context(), c, func(pipeline.Report) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := program(c).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		began := time.Now()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > callTime/2 {
			t.Errorf("stopping took %v", took)
		}
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() {
		}
		if err := lines.Err(); err != nil {
			t.Errorf("the viewer's connection was broken off: %v", err)
		}
	})
}

// look fetches a node's status.
func look(t *testing.T, c setup, s *server) monitor.Snapshot {
	t.Helper()
	code, header, text := get(t, c, s, "/status")
	var r monitor.Snapshot
	if err := json.Unmarshal([]byte(text), &r); err != nil || code != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Fatalf("code %d: %v: %s", code, err, text)
	}
	return r
}

// until looks at a node again and again.
func until(t *testing.T, c setup, s *server, what string, is func(monitor.Snapshot) bool) monitor.Snapshot {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		r := look(t, c, s)
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
	t.Parallel()
	for _, test := range []struct {
		name, strategy string
		start          func(*testing.T, setup) *localNodes
		slow           int
	}{
		{"one slow node", "balance", startQuick, 1},
		{"replicate", "replicate", startQuick, 1},
		{"three slow nodes", "balance", startQuick, 3},
		{"a chain", "balance", func(t *testing.T, c setup) *localNodes { return startChain(t, c, []string{"1", "2"}, 1, 1) }, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			onOneHost(t, func(t *testing.T, c setup) {
				c.Frames, c.Interval, c.SlowNodes, c.Queue = 0, 5*time.Millisecond, test.slow, 20
				c.Version = "v1"
				nodes := test.start(t, c)
				if r := look(t, c, nodes.end); r.Run != nil || len(r.Nodes) != 1 || r.Nodes[0].Role != "end" || r.Node != r.Nodes[0].NodeID || r.Version != "v1" {
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
				live := until(t, c, nodes.end, "all nodes at work", func(r monitor.Snapshot) bool {
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
					if n.Role != roles[i] || n.StalenessS > 2 || n.Role == "fast" && n.State == "" && test.strategy != "replicate" {
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
				fast := until(t, c, nodes.fast, "told by end", func(r monitor.Snapshot) bool { return r.Live != nil })
				if len(fast.Nodes) != 2 || fast.Nodes[0].Role != "client" || fast.Nodes[1].Role != "fast" || fast.Live.StalenessS > 2 {
					t.Errorf("fast: %+v", fast)
				}
				stop()
				report := <-reports
				after := look(t, c, nodes.end)
				if after.Run != nil || after.Live != nil || len(after.Nodes) != len(roles) || report.Delivered == 0 {
					t.Errorf("after the run: %+v", after)
				}
				for i, n := range after.Nodes { // the final figures, and not those of the last sign of life
					if !reflect.DeepEqual(n.Entry, report.Nodes[i]) && n.Role != "slow" || n.RateIn != 0 || n.Here() != 0 {
						t.Errorf("after the run: %+v, and the report has %+v", n, report.Nodes[i])
					}
				}
			})
		})
	}
}

// A node that falls silent keeps its last figures.
func TestSilentNodeGrowsOld(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames = 0
		nodes := startQuick(t, c)
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test", View: monitor.NewView(pipeline.NodeID{Role: "client"})},
			pipeline.Run{ID: "r", Strategy: "baseline"})
		if err != nil {
			t.Fatal(err)
		}
		e.View.Begin(func() pipeline.Status {
			s := pipeline.Status{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "client"}}}
			s.Received = 42
			return s
		})
		until(t, c, nodes.end, "aware of the client", func(r monitor.Snapshot) bool { return r.Nodes[0].Received == 42 })
		e.Silence()
		r := until(t, c, nodes.end, "aware that the client is silent", func(r monitor.Snapshot) bool { return r.Nodes[0].StalenessS > 1.5 })
		if r.Nodes[0].Role != "client" || r.Nodes[0].Received != 42 || r.Nodes[1].StalenessS > 1.5 {
			t.Errorf("%+v", r.Nodes)
		}
		if _, err := e.Close(t.Context(), edge.Ending{}); err != nil {
			t.Error(err)
		}
	})
}

// Who has not opened the run is not shown, whatever it says of itself.
func TestWhoHasNotOpenedTheRunIsNotShown(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.End, nodes.end.address), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline"})
	if err != nil {
		t.Fatal(err)
	}
	outsider := edge.Config{Target: toward(c, options.End, nodes.end.address), From: "outsider", View: monitor.NewView(pipeline.NodeID{Role: "fast"})}
	outsider.View.Begin(func() pipeline.Status {
		return pipeline.Status{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast", Address: "<script>"}}}
	})
	if _, err := outsider.Client.Push(t.Context(), transport.Pushing{Run: "r", From: outsider.From, Status: outsider.View.Statuses()}); !errors.Is(err, pipeline.ErrUnknownRun) {
		t.Errorf("its sign of life: %v", err)
	}
	if _, _, text := get(t, c, nodes.end, "/status"); strings.Contains(text, "script") {
		t.Error(text)
	}
	if _, err := e.Close(t.Context(), edge.Ending{}); err != nil {
		t.Error(err)
	}
}

// get fetches a page of a node.
func get(t *testing.T, c setup, s *server, path string) (code int, header http.Header, body string) {
	t.Helper()
	r, err := program(c).Get("http://" + s.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header, string(text)
}

// program asks nodes for pages, over the network that they are on.
func program(c setup) *http.Client {
	over := &http.Transport{DisableKeepAlives: true}
	if c.network != nil {
		over.DialContext = c.network.DialContext
	}
	return &http.Client{Transport: over, Timeout: time.Minute}
}
