package role

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"tandem/pipeline"
)

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

// values reads Prometheus's text format: series → value.
func values(t *testing.T, s *server) map[string]float64 {
	t.Helper()
	code, header, text := get(t, s, "/metrics")
	if code != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("code %d, %v", code, header)
	}
	all := make(map[string]float64)
	for line := range strings.Lines(text) {
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
	c := quick()
	c.Frames, c.Queue = 60, 2
	c.Emulate = Emulation{Name: "test", Tail: Always(6 * time.Millisecond)}
	nodes := startQuick(t, c)
	want := map[string]pipeline.Entry{}
	for _, name := range []string{"baseline", "balance", "alternate"} {
		r, err := nodes.run(t.Context(), c, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range r.Nodes {
			var sum tally
			sum.entry = want[n.Role]
			sum.add(n)
			want[n.Role] = sum.entry
		}
	}
	for role, s := range map[string]*server{"fast": nodes.fast, "slow": nodes.slow[0], "end": nodes.end} {
		problems, err := testutil.GatherAndLint(s.metrics.registry)
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

// A frame that comes back to be forwarded again does not make a counter go down.
func TestCountersNeverGoDown(t *testing.T) {
	n := &node{role: Fast}
	m := newMetrics(n)
	frames := func(forwarded int64) float64 {
		n.total.entry.Forwarded = forwarded
		families, err := m.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, v := range f.GetMetric() {
				if f.GetName() == "tandem_frames_total" && v.GetLabel()[0].GetValue() == "forwarded" {
					return v.GetCounter().GetValue()
				}
			}
		}
		t.Fatal("no forwarded frames are shown")
		return 0
	}
	for _, step := range []struct{ now, shown int64 }{{10, 10}, {7, 10}, {10, 10}, {12, 12}} {
		if got := frames(step.now); got != float64(step.shown) {
			t.Errorf("%d forwarded are shown as %v, want %d", step.now, got, step.shown)
		}
	}
}

func TestObservingAllocatesNothing(t *testing.T) {
	served := observe(newMetrics(&node{role: Fast}).service)
	if n := testing.AllocsPerRun(100, func() { served(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The dashboard names only metrics that there are, and is whole.
func TestDashboardNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("web/grafana.json")
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
				families, _ := s.metrics.registry.Gather()
				for _, f := range families {
					exist[f.GetName()] = true
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
