package role

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/report"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// The runs that end hands out are the reports that its clients have printed.
func TestPastRunsAreTheReports(t *testing.T) {
	c := quick()
	c.Frames = 10
	nodes := startQuick(t, c)
	wantJSON, wantCSV := new(bytes.Buffer), new(bytes.Buffer)
	asJSON, _ := report.Open(report.Options{Format: report.JSON, Stdout: wantJSON})
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
		code, header, got := get(t, nodes.end, path)
		if code != http.StatusOK || got != want {
			t.Errorf("%s: code %d\n%s, want\n%s", path, code, got, want)
		}
		if d := header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=") {
			t.Errorf("%s: %q", path, d)
		}
		if code, _, _ := get(t, nodes.fast, path); code != http.StatusNotFound {
			t.Errorf("%s on fast: code %d", path, code)
		}
	}
}

// Whoever watches is sent away when the node stops, and does not hold it up.
func TestStoppingNodeSendsViewersAway(t *testing.T) {
	c := quick()
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
	answer, err := http.DefaultClient.Do(r)
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
}

// look fetches a node's status.
func look(t *testing.T, s *server) monitor.Snapshot {
	t.Helper()
	code, header, text := get(t, s, "/status")
	var r monitor.Snapshot
	if err := json.Unmarshal([]byte(text), &r); err != nil || code != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Fatalf("code %d: %v: %s", code, err, text)
	}
	return r
}

// until looks at a node again and again.
func until(t *testing.T, s *server, what string, is func(monitor.Snapshot) bool) monitor.Snapshot {
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
			live := until(t, nodes.end, "all nodes at work", func(r monitor.Snapshot) bool {
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
			fast := until(t, nodes.fast, "told by end", func(r monitor.Snapshot) bool { return r.Live != nil })
			if len(fast.Nodes) != 2 || fast.Nodes[0].Role != "client" || fast.Nodes[1].Role != "fast" || fast.Live.StalenessS > 2 {
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
	t.Parallel()
	c := quick()
	c.Frames = 0
	nodes := startQuick(t, c)
	e, _, err := openEdge(t.Context(), edgeConfig{client: newClient(c, nodes.fast.address), from: "test", view: monitor.NewView(pipeline.NodeID{Role: "client"})},
		pipeline.Run{ID: "r", Strategy: "baseline"})
	if err != nil {
		t.Fatal(err)
	}
	e.view.Begin(func() pipeline.Status {
		s := pipeline.Status{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "client"}}}
		s.Received = 42
		return s
	})
	until(t, nodes.end, "aware of the client", func(r monitor.Snapshot) bool { return r.Nodes[0].Received == 42 })
	e.stop() // no more signs of life
	e.beats.Wait()
	r := until(t, nodes.end, "aware that the client is silent", func(r monitor.Snapshot) bool { return r.Nodes[0].StalenessS > 1.5 })
	if r.Nodes[0].Role != "client" || r.Nodes[0].Received != 42 || r.Nodes[1].StalenessS > 1.5 {
		t.Errorf("%+v", r.Nodes)
	}
	if _, err := e.close(t.Context(), ending{}); err != nil {
		t.Error(err)
	}
}

// Who has not opened the run is not shown, whatever it says of itself.
func TestWhoHasNotOpenedTheRunIsNotShown(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	e, _, err := openEdge(t.Context(), edgeConfig{client: newClient(c, nodes.end.address), from: "test"}, pipeline.Run{ID: "r", Strategy: "baseline"})
	if err != nil {
		t.Fatal(err)
	}
	outsider := edgeConfig{client: newClient(c, nodes.end.address), from: "outsider", view: monitor.NewView(pipeline.NodeID{Role: "fast"})}
	outsider.view.Begin(func() pipeline.Status {
		return pipeline.Status{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast", Address: "<script>"}}}
	})
	s := &edge{edgeConfig: outsider, run: e.run, calls: map[*call]time.Time{}} // which shows no further signs of life
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

// get fetches a page of a node.
func get(t *testing.T, s *server, path string) (code int, header http.Header, body string) {
	t.Helper()
	client := http.Client{Timeout: time.Minute}
	r, err := client.Get("http://" + s.address + path)
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

// metricsText is what Prometheus reads.
func metricsText(t *testing.T, s *server) string {
	t.Helper()
	code, header, text := get(t, s, "/metrics")
	if code != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("code %d, %v", code, header)
	}
	return text
}

// values reads Prometheus's text format: series → value.
func values(t *testing.T, s *server) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for line := range strings.Lines(metricsText(t, s)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all[line[:at]] = v
	}
	return all
}

// After runs, the counters of every role are the sums of the reports, and nothing is found by Prometheus's linter.
func TestMetricsAreTheSumsOfTheReports(t *testing.T) {
	t.Parallel()
	c := quick()
	c.Frames, c.Queue = 60, 2
	c.Emulate = device.Emulation{Name: "test", Tail: device.Always(6 * time.Millisecond)}
	nodes := startQuick(t, c)
	want := map[string]pipeline.Entry{}
	for _, name := range []string{"baseline", "balance", "alternate"} {
		r, err := nodes.run(t.Context(), c, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range r.Nodes {
			sum := monitor.Totals{Entry: want[n.Role]}
			sum.Add(n)
			want[n.Role] = sum.Entry
		}
	}
	for role, s := range map[string]*server{"fast": nodes.fast, "slow": nodes.slow[0], "end": nodes.end} {
		problems, err := promlint.New(strings.NewReader(metricsText(t, s))).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", role, err, problems)
		}
		got, e := values(t, s), want[role]
		for series, n := range map[string]int64{
			`tandem_frames_total{outcome="received"}`:  e.Received,
			`tandem_frames_total{outcome="refused"}`:   e.Refused,
			`tandem_frames_total{outcome="forwarded"}`: e.Forwarded,
			`tandem_frames_total{outcome="finished"}`:  e.Finished,
			`tandem_frames_total{outcome="lost"}`:      e.Lost,
			`tandem_runs_total`:                        3,
			`tandem_run_open`:                          0,
		} {
			if v, is := got[series]; !is || v != float64(n) {
				t.Errorf("%s: %s is %v, and the reports have %d", role, series, v, n)
			}
		}
		if role == "end" {
			if got["tandem_age_seconds_count"] != float64(e.Finished) {
				t.Errorf("ages of %v frames, %d delivered", got["tandem_age_seconds_count"], e.Finished)
			}
			continue
		}
		if got["tandem_switches_total"] != float64(e.Switches) || got["tandem_queue_capacity"] != 2 || got["tandem_service_seconds_count"] == 0 {
			t.Errorf("%s: %v", role, got)
		}
		if waited := got["tandem_queue_wait_seconds_count"]; waited != float64(e.Received-e.Refused) {
			t.Errorf("%s: %v frames have waited, of %d that were taken", role, waited, e.Received-e.Refused)
		}
		for reason, n := range e.Decisions {
			if series := `tandem_decisions_total{reason="` + string(reason) + `"}`; got[series] != float64(n) {
				t.Errorf("%s: %s is %v, want %d", role, series, got[series], n)
			}
		}
	}
}

// The dashboard names only metrics that there are, and is whole.
func TestDashboardNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("monitor/web/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title, UID    string
		SchemaVersion int
		Templating    struct {
			List []struct {
				Name, Type string
				Query      any
			}
		}
		Panels []struct {
			ID          int
			Title, Type string
			GridPos     struct{ H, W, X, Y int }
			Datasource  struct{ Type, UID string }
			Targets     []struct {
				RefID, Expr string
				Datasource  struct{ Type, UID string }
			}
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	if board.Title == "" || board.UID == "" || board.SchemaVersion < 36 || len(board.Panels) < 8 {
		t.Errorf("it is not whole: %+v", board)
	}
	if l := board.Templating.List; len(l) == 0 || l[0].Name != "datasource" || l[0].Type != "datasource" || l[0].Query != "prometheus" {
		t.Errorf("the data source is no variable: %+v", l)
	}
	c := quick()
	c.Frames = 20
	nodes := startQuick(t, c)
	exist := map[string]bool{}
	stop := make(chan struct{})
	scraped := make(chan struct{})
	go func() { // while the run is open, and once it is not
		defer close(scraped)
		for last := false; !last; {
			select {
			case <-stop:
				last = true
			default:
			}
			for _, s := range []*server{nodes.fast, nodes.slow[0], nodes.end} {
				for line := range strings.Lines(metricsText(t, s)) {
					if name, is := strings.CutPrefix(line, "# TYPE "); is {
						exist[strings.Fields(name)[0]] = true
					}
				}
			}
		}
	}()
	_, err = nodes.run(t.Context(), c, "balance")
	close(stop)
	<-scraped
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\b(tandem|go|process)_\w+`)
	histogram := regexp.MustCompile(`_(bucket|sum|count)$`)
	ids := map[int]bool{}
	named := map[string]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.Type == "" || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 || p.GridPos.H == 0 {
			t.Errorf("panel %d: %+v", p.ID, p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" || target.RefID == "" {
				t.Errorf("%s: %+v", p.Title, target)
			}
			found := name.FindAllString(target.Expr, -1)
			if len(found) == 0 {
				t.Errorf("%s: %q names no metric", p.Title, target.Expr)
			}
			for _, metric := range found {
				named[histogram.ReplaceAllString(metric, "")] = true
				if !exist[metric] && !exist[histogram.ReplaceAllString(metric, "")] {
					t.Errorf("%s: there is no metric %s", p.Title, metric)
				}
			}
		}
	}
	for metric := range exist {
		if strings.HasPrefix(metric, "tandem_") && metric != "tandem_build_info" && !named[metric] {
			t.Logf("no panel shows %s", metric)
		}
	}
}
