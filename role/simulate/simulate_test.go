package simulate

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/strategy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// settings are those of a simulated run, as a user gives them: flag, value, flag, value.
func settings(t testing.TB, texts ...string) options.Options {
	t.Helper()
	given := options.Given{}
	for i := 0; i < len(texts); i += 2 {
		given[texts[i]] = append(given[texts[i]], texts[i+1])
	}
	o, err := given.Simulated(nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func site(t testing.TB, o options.Options) *Site {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func played(t testing.TB, s *Site, o options.Options, name string) pipeline.Report {
	t.Helper()
	r, err := s.Play(o, name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What runs come to is in a file. A change of the strategies, the stations or the simulation shows there.
func TestGolden(t *testing.T) {
	const path = "testdata/runs.golden"
	var text strings.Builder
	for _, texts := range [][]string{
		{"frames", "300"},
		{"frames", "300", "slow-nodes", "3", "interval", "12ms", "link", "wifi"},
		{"frames", "300", "slow-nodes", "2", "arrivals", "poisson", "emulate", "head=4ms,tail=42ms~4ms,load=580ms", "emulate", "slow:tail=84ms"},
		{"frames", "300", "slow-nodes", "2", "fault", "kill slow 1 at 2s for 1s", "drop", "oldest", "max-age", "400ms"},
	} {
		o := settings(t, texts...)
		s := site(t, o)
		fmt.Fprintf(&text, "%s\n", strings.Join(texts, " "))
		for _, e := range strategy.All() {
			r := played(t, s, o, e.Name)
			fmt.Fprintf(&text, "  %-9s coverage %5.1f %%  rate %5.1f f/s  p50 %4.0f ms  p95 %4.0f ms  switches %d\n",
				e.Name, r.Coverage, r.Rate, r.Latency.P50, r.Latency.P95, totals(r).Switches)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("the runs are now\n%s\nand were\n%s\n(go test ./role/simulate -update)", text.String(), want)
	}
}

// Whatever is simulated: each frame has one end, no report differs from that of the same plan played again, and nothing arrives
// that was not sent, or sooner than the devices allow.
func TestAnyRunAddsUp(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		one := func(of ...string) string { return of[random.IntN(len(of))] }
		texts := []string{
			"frames", "120", "seed", fmt.Sprint(seed), "strategy", one("baseline", "takeover", "alternate", "balance", "credit", "replicate"), "tasks", one("1", "7", "30"),
			"interval", one("1ms", "9ms", "30ms"), "queue", one("1", "2", "10"), "slow-nodes", one("1", "2", "7"), "drop", one("newest", "oldest"),
			"batch", one("1", "4"), "link", one("off", "wifi", "rate=2mbit,delay=5ms,jitter=2ms,loss=1%"), "arrivals", one("beat", "poisson", "burst=5"),
			"emulate", one("pi3", "head=1ms,tail=20ms~10ms,load=50ms", "whole=30ms"),
		}
		if random.IntN(2) == 0 {
			texts = append(texts, "fault", one("kill slow 1 at 500ms for 200ms", "kill slow 1 at 0s for 1s", "kill slow 1 at 300ms"))
		}
		if random.IntN(3) == 0 {
			texts = append(texts, "max-age", "150ms")
		}
		o := settings(t, texts...)
		s := site(t, o)
		r := played(t, s, o, o.Strategy)
		what := strings.Join(texts, " ")
		if r.Unaccounted != 0 || r.Frames != 120 || r.Delivered > r.Frames || r.Coverage > 100 || !r.Simulated {
			t.Errorf("%s: %d of %d frames arrive, and %d are unaccounted", what, r.Delivered, r.Frames, r.Unaccounted)
		}
		if o.MaxAge == 0 && r.Delivered > 0 && r.Latency.P50 < 1 {
			t.Errorf("%s: half of the frames arrive within %.2f ms", what, r.Latency.P50)
		}
		if again := played(t, s, o, o.Strategy); !reflect.DeepEqual(r, again) {
			t.Errorf("%s: played again it is another run: %v and %v", what, r.Nodes, again.Nodes)
		}
	}
}

// Pipelines with nothing in common are what each is alone. A link in common carries no more than its rate.
func TestPlayTogether(t *testing.T) {
	o := settings(t, "strategy", "baseline", "frames", "200", "interval", "20ms", "link", "rate=10mbit,delay=1ms")
	s := site(t, o)
	alone := played(t, s, o, "baseline")
	apart, err := s.PlayTogether(o, "baseline", Together{Pipelines: 5})
	if err != nil {
		t.Fatal(err)
	}
	alone.Run = apart[0].Run
	if len(apart) != 5 || !reflect.DeepEqual(apart[0], alone) {
		t.Errorf("%d pipelines, of which the first is\n%+v\nand alone\n%+v", len(apart), apart[0], alone)
	}
	shared, err := s.PlayTogether(o, "baseline", Together{Pipelines: 5, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	var bits, longest float64
	for i, r := range shared {
		if r.Unaccounted != 0 || r.Coverage >= apart[i].Coverage {
			t.Errorf("over one link pipeline %d has a coverage of %.1f %%, and over its own %.1f %%", i, r.Coverage, apart[i].Coverage)
		}
		for _, n := range r.Nodes {
			bits += 8 * float64(n.Bytes) / 2 // each byte is sent by one and received by another
		}
		longest = max(longest, r.ElapsedS)
	}
	if bits > 10e6*(longest+1) {
		t.Errorf("the link carries %.1f Mbit in %.1f s", bits/1e6, longest)
	}
	if s.shared != nil {
		t.Error("later runs have the link in common, too")
	}
}

func TestTogetherIsChecked(t *testing.T) {
	o := settings(t)
	for _, c := range []struct {
		t    Together
		want string
	}{
		{Together{Pipelines: 0}, "from 1 to"}, {Together{Pipelines: maxPipelines + 1}, "from 1 to"}, {Together{Pipelines: 2, Shared: true}, "give --link"},
	} {
		if err := c.t.Check(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.t, err)
		}
	}
	if err := (Together{Pipelines: 100}).Check(o); err != nil {
		t.Error(err)
	}
}

// A run that was simulated, as if it had been played, gives the fleet that it was of: a simulation like it is that run again.
func TestLikeIsTheSameFleet(t *testing.T) {
	for _, texts := range [][]string{
		{"strategy", "alternate", "tasks", "20", "frames", "400", "emulate", "head=5ms,tail=50ms,load=300ms", "emulate", "slow:tail=70ms", "link", "wifi"},
		{"strategy", "takeover", "tasks", "3", "frames", "400", "interval", "20ms", "slow-nodes", "2", "emulate", "head=5ms,tail=50ms,load=300ms"},
	} {
		o := settings(t, texts...)
		before := played(t, site(t, o), o, o.Strategy)
		fleet, err := FleetOf(before)
		if err != nil {
			t.Fatal(err)
		}
		given := options.Given{}
		fleet.Give(given)
		like, err := given.Simulated(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := site(t, like)
		if err := s.Like(fleet); err != nil {
			t.Fatal(err)
		}
		after := played(t, s, like, like.Strategy)
		if off := after.Coverage - before.Coverage; off < -1.5 || off > 1.5 || like.Tasks != o.Tasks || like.SlowNodes != o.SlowNodes || like.Interval != o.Interval {
			t.Errorf("%v: coverage %.1f %%, and like it %.1f %%: %v", texts, before.Coverage, after.Coverage, given)
		}
	}
}

// What a report lacks, or a user has to say, is said.
func TestFleetsThatAreNone(t *testing.T) {
	o := settings(t, "frames", "200", "interval", "20ms")
	whole := played(t, site(t, o), o, "replicate")
	good := played(t, site(t, o), o, "balance")
	alone, chain := good, good
	alone.Nodes = nil
	chain.Cuts = []int{1, 2}
	for _, c := range []struct {
		r    pipeline.Report
		want string
	}{{whole, "of another strategy"}, {alone, "no fast node"}, {chain, "nodes are missing"}, {pipeline.Report{Strategy: "none"}, "none"}} {
		if _, err := FleetOf(c.r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v instead of %q", err, c.want)
		}
	}
	f, err := FleetOf(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.of("squeezenet"); err == nil || !strings.Contains(err.Error(), "give its --model") {
		t.Errorf("another network: %v", err)
	}
}

// The file of --like is a report or a trace, and of anything else it says so.
func TestFleetInAFile(t *testing.T) {
	o := settings(t, "strategy", "takeover", "tasks", "5", "frames", "300", "interval", "25ms", "emulate", "head=5ms,tail=50ms,load=300ms", "emulate", "slow:tail=70ms")
	s := site(t, o)
	var trace strings.Builder
	to := json.NewEncoder(&trace)
	s.Traced = func(run string) func(pipeline.Decided) {
		return func(d pipeline.Decided) {
			if err := to.Encode(struct {
				Run string `json:"run"`
				pipeline.Decided
			}{run, d}); err != nil {
				t.Error(err)
			}
		}
	}
	report, err := json.Marshal(played(t, s, o, o.Strategy))
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "file.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for what, text := range map[string]string{"report": string(report), "trace": trace.String()} {
		f, err := fleetIn(write(text + "\n"))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		fast, slow := f.device(f.fast, 0), f.device(f.slow[0][0], 1)
		near := func(got, want time.Duration) bool { return (got - want).Abs() < want/50 }
		if !near(fast.Head[0].Takes, 5*time.Millisecond) || !near(fast.Tail[0].Takes, 50*time.Millisecond) || !near(fast.Load[0].Takes, 300*time.Millisecond) ||
			!near(slow.Tail[0].Takes, 70*time.Millisecond) {
			t.Errorf("%s: fast is %v, %v and %v, slow %v", what, fast.Head, fast.Tail, fast.Load, slow.Tail)
		}
	}
	for _, text := range []string{"", "notes\n", "{}\n", trace.String() + "notes\n"} {
		if _, err := fleetIn(write(text)); err == nil {
			t.Errorf("%.40q is a fleet", text)
		}
	}
}

// Whatever a trace says, it is a fleet or an error.
func FuzzTrace(f *testing.F) {
	f.Add([]byte(`{"run":"a","node":"fast","decision":"forward","frame":1,"head_ms":4,"slow":[{"service_ms":40,"round_trip_ms":2}]}` + "\n" +
		`{"run":"a","node":"fast","decision":"finish","frame":2,"state":"switching","tail_ms":40,"slow":[{},{"pace_ms":2}]}`))
	f.Add([]byte("{\"decision\":\"\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "trace.jsonl")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		fleet, err := FleetOfTrace(path)
		if (fleet == nil) == (err == nil) {
			t.Errorf("%v and %v", fleet, err)
		}
	})
}

// Tasks and load are the strategy's: a simulation of another one has its own.
func TestAnotherStrategyHasItsOwnTasks(t *testing.T) {
	for name, want := range map[string]string{"takeover": "5", "": "5", "alternate": ""} {
		f := &Fleet{report: pipeline.Report{Strategy: "takeover", Tasks: 5, Load: "blocking", Cut: 1}, slow: [][]pipeline.Entry{{{}}}}
		given := options.Given{}
		if name != "" {
			given["strategy"] = []string{name}
		}
		if f.Give(given); given.Last("tasks") != want {
			t.Errorf("%q has %q tasks, want %q", name, given.Last("tasks"), want)
		}
	}
}
