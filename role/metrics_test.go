package role

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/monitor"
)

// metricsText is what Prometheus reads.
func metricsText(t *testing.T, c setup, s *server) string {
	t.Helper()
	code, header, text := get(t, c, s, "/metrics")
	if code != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("code %d, %v", code, header)
	}
	return text
}

// values reads Prometheus's text format: series → value.
func values(t *testing.T, c setup, s *server) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for line := range strings.Lines(metricsText(t, c, s)) {
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
	onOneHost(t, func(t *testing.T, c setup) {
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
			problems, err := promlint.New(strings.NewReader(metricsText(t, c, s))).Lint()
			if err != nil || len(problems) > 0 {
				t.Errorf("%s: %v, %v", role, err, problems)
			}
			got, e := values(t, c, s), want[role]
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
	})
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
	c.Frames = 0
	nodes := startQuick(t, c)
	exist := map[string]bool{}
	scrape := func() {
		for _, s := range []*server{nodes.fast, nodes.slow[0], nodes.end} {
			for line := range strings.Lines(metricsText(t, c, s)) {
				if name, is := strings.CutPrefix(line, "# TYPE "); is {
					exist[strings.Fields(name)[0]] = true
				}
			}
		}
	}
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	played := make(chan error)
	go func() {
		_, err := nodes.run(ctx, c, "balance")
		played <- err
	}()
	until(t, c, nodes.end, "at work", func(r monitor.Snapshot) bool { return r.Live != nil && r.Live.Delivered > 0 })
	scrape()
	enough()
	if err := <-played; err != nil {
		t.Fatal(err)
	}
	scrape() // and when no run is open
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
