package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sebdah/goldie/v2"

	"tandem/pipeline"
	"tandem/strategy"
)

// golden compares with a file in testdata, or, with the flag -update, writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldie.New(t, goldie.WithFixtureDir("testdata"), goldie.WithNameSuffix("")).Assert(t, name, got)
}

func sampleReports() []pipeline.Report {
	accuracy, each, coverage, best := 98.888888, 0.3258, 100.0, 33.333
	return []pipeline.Report{{
		Run: "20261122-120000-ABCDEF", Strategy: "alternate", Tasks: 20, Frames: 100, IntervalMS: 30, Delivered: 89,
		Coverage: 89, Rate: 26.853, Latency: pipeline.Latency{P50: 261.4, P95: 600, P99: 637.25, Max: 640},
		ElapsedS: 3.5, Model: "dense-100-2000-2000", Cut: 1, Load: "blocking", Emulate: "pi3", Link: "real", Wire: "float32", Version: "1.0",
		JoulesPerFrame: &each, BestCoverage: &coverage, BestRate: &best,
		Nodes: []pipeline.Entry{
			{NodeID: pipeline.NodeID{Role: "client"}, Outcomes: pipeline.Outcomes{Received: 100, Forwarded: 100}, Bytes: 52_000, EnergyJ: 6.402, EnergyBy: "model pi3b+"},
			{NodeID: pipeline.NodeID{Role: "fast", Address: "fast:12345"}, Outcomes: pipeline.Outcomes{Received: 100, Refused: 10, Forwarded: 70, Finished: 20}, Switches: 1, SwitchMS: 580.1, BusyMS: 1200, QueuePeak: 10, Emulate: "pi3",
				Decisions: map[strategy.Reason]int64{strategy.SlowIsFree: 70, strategy.QueueFull: 20},
				States:    map[pipeline.State]float64{pipeline.Forwarding: 61.25, pipeline.Finishing: 30, pipeline.Switching: 8.75},
				Bytes:     800_000, EnergyJ: 9.6, EnergyBy: "model pi3b+", Device: "under-voltage, throttled, 600 of 1400 MHz, 82 °C"},
			{NodeID: pipeline.NodeID{Role: "slow", Address: "slow:12345"}, Outcomes: pipeline.Outcomes{Received: 70, Refused: 1, Finished: 69}, BusyMS: 2898, QueuePeak: 10, Emulate: "pi3",
				Bytes: 1_300_000, EnergyJ: 13, EnergyBy: "meter hwmon ina219", Device: "1400 of 1400 MHz, 61 °C"},
			{NodeID: pipeline.NodeID{Role: "end", Address: "end:12345"}, Outcomes: pipeline.Outcomes{Received: 89, Finished: 89}, Device: "1400 of 1400 MHz, 61 °C"},
		},
	}, {
		Run: "20261122-120001-ABCDEF", Strategy: "replicate", Frames: 100, IntervalMS: 30, Delivered: 98, Coverage: 98,
		Rate: 33.333, Duplicates: 2, Forgotten: 4, Unaccounted: 1, Accuracy: &accuracy, ElapsedS: 3.1, Model: "digits_mlp.onnx", Cut: 2, Cuts: []int{2, 4},
		Emulate: "off", Link: "wifi", Wire: "int8", Version: "1.0",
		Recuts:  []pipeline.Recutted{{AtS: 41.25, Was: []int{1, 4}, Cuts: []int{2, 4}, Why: "slow (192.168.1.7:12345) takes 3.0 times as long as before"}},
		Notes:   []string{"client-ABCDEFGH was silent for 10s and did not close the run", "fast lost 1 frames, the first because 10.77.0.4:12345 cannot be reached: no answer in time"},
		Nodes:   []pipeline.Entry{{NodeID: pipeline.NodeID{Role: "fast"}, Outcomes: pipeline.Outcomes{Received: 55, Dropped: 3, Expired: 2, Finished: 49, Lost: 1}, Link: "wifi"}},
		Missing: []pipeline.NodeID{{Role: "slow", Address: "192.168.1.7:12345"}, {Role: "slow", Address: "slow-2.kitchen.example.net:12345"}},
		LastSeen: []pipeline.LastSeen{
			{NodeID: pipeline.NodeID{Role: "end", Address: "end:12345"}, Cause: pipeline.Forgotten, Frames: "0-3"},
			{NodeID: pipeline.NodeID{Role: "slow", Address: "192.168.1.7:12345"}, Cause: pipeline.Died, Frames: "12-15,18"},
			{NodeID: pipeline.NodeID{Role: "slow", Address: "slow-2.kitchen.example.net:12345"}, Cause: pipeline.Gone, Frames: "20,22,24,26,28-31,33,35-37,40,42,44,46,48,50-59"},
			{Cause: pipeline.Unaccounted, Frames: "77"},
		},
	}}
}

func TestReportsAreGolden(t *testing.T) {
	for _, format := range []Format{Table, JSON, CSV} {
		var b bytes.Buffer
		out, err := Open(Options{Format: format, Stdout: &b})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range sampleReports() {
			if err := out.Print(r); err != nil {
				t.Fatal(err)
			}
		}
		golden(t, "report."+string(format), b.Bytes())
	}
	var b bytes.Buffer
	out, _ := Open(Options{Stdout: &b})
	if err := out.Compare(sampleReports()); err != nil {
		t.Fatal(err)
	}
	golden(t, "comparison.table", b.Bytes())
}

// Where frames were last seen is told to whoever asks for it, in tables and JSON.
func TestLastSeenIsToldOnDemand(t *testing.T) {
	for _, format := range []Format{Table, JSON} {
		var b bytes.Buffer
		out, err := Open(Options{Format: format, LastSeen: true, Stdout: &b})
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Print(sampleReports()[1]); err != nil {
			t.Fatal(err)
		}
		golden(t, "lastseen."+string(format), b.Bytes())
	}
	var b bytes.Buffer
	out, _ := Open(Options{LastSeen: true, Stdout: &b})
	reports := sampleReports()
	if err := out.Compare(reports); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\nreplicate: frame"); n != 4 || !strings.Contains(b.String(), "\nreplicate: frames 12-15, 18: died with slow (192.168.1.7:12345)\n") {
		t.Errorf("%d of 4 lines say where frames were last seen:\n%s", n, b.String())
	}
	out, _ = Open(Options{Stdout: io.Discard})
	if err := errors.Join(out.Compare(reports), out.Print(reports[1])); err != nil || len(reports[1].LastSeen) != 4 {
		t.Errorf("what is not printed is gone: %+v, %v", reports[1].LastSeen, err)
	}
}

func TestTablesFitATerminal(t *testing.T) {
	var b bytes.Buffer
	out, _ := Open(Options{Stdout: &b})
	reports := sampleReports()
	out.o.LastSeen = true
	reports[0].Accuracy = reports[1].Accuracy
	if err := out.Compare(reports[:1]); err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		if err := out.Print(r); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// What forty slow nodes say alike is said once, their names fit the table, and each keeps its line.
func TestManySlowNodes(t *testing.T) {
	r := sampleReports()[0]
	slow := r.Nodes[2]
	r.Nodes, r.Notes = r.Nodes[:2:2], []string{"fast took 20 % longer than pi3, as this machine was too busy to emulate it"}
	for i := range 40 {
		slow.Address = fmt.Sprintf("slow-%d.kitchen.example.net:12345", i)
		if i%2 == 0 {
			slow.Address = fmt.Sprintf("192.168.178.%d:12345", 100+i)
		}
		slow.Received, slow.BusyMS, slow.EnergyJ = 123456, 123456.7, 1234.5
		r.Nodes = append(r.Nodes, slow)
		r.Notes = append(r.Notes, fmt.Sprintf("slow (%s) took %d %% longer than pi3, as this machine was too busy to emulate it", slow.Address, 10+i))
	}
	r.Notes = append(r.Notes, "slow (192.168.178.100:12345) was started again during the run")
	var b bytes.Buffer
	out, _ := Open(Options{Stdout: &b})
	if err := out.Print(r); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for says, times := range map[string]int{"longer than pi3": 2, "39 more slow nodes": 1, "started again": 1, "\nslow slow-7.…ple.net ": 1, "\nslow 192.168.178.102 ": 1, "and 37 more nodes": 2} {
		if n := strings.Count(strings.ReplaceAll(b.String(), "\n    ", " "), says); n != times {
			t.Errorf("it says %q %d times:\n%s", says, n, b.String())
		}
	}
}

// The CSV has the flat fields of the JSON, under the same names.
func TestCSVHasTheFieldsOfTheJSON(t *testing.T) {
	r := sampleReports()[1]
	r.JoulesPerFrame, r.BestCoverage, r.BestRate = r.Accuracy, r.Accuracy, r.Accuracy // which the second has
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	names, _ := flatten(reflect.ValueOf(r), "%s")
	for _, name := range names {
		if rest, nested := strings.CutPrefix(name, "latency_"); nested {
			latency := fields["latency_ms"].(map[string]any)
			if _, ok := latency[strings.TrimSuffix(rest, "_ms")]; !ok {
				t.Errorf("%s is no field of the JSON", name)
			}
			continue
		}
		if _, ok := fields[name]; !ok {
			t.Errorf("%s is no field of the JSON", name)
		}
		delete(fields, name)
	}
	delete(fields, "latency_ms")
	delete(fields, "nodes")
	delete(fields, "last_seen")
	delete(fields, "recuts")
	if len(fields) > 0 {
		t.Errorf("the CSV lacks %v", fields)
	}
}

// No spreadsheet takes a text of the wire for a formula, and every number stays one.
func TestCSVHasNoFormulas(t *testing.T) {
	for _, evil := range []string{"=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1"} {
		r := sampleReports()[1]
		r.Run, r.Model, r.Strategy, r.Emulate, r.Link, r.Version = evil, evil, evil, evil, evil, evil
		r.Notes, r.Unaccounted = []string{evil, evil}, -13
		var text bytes.Buffer
		if err := printCSV(&text, r, true); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&text).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		quoted := 0
		for i, cell := range lines[1] {
			if strings.HasPrefix(cell, "'") {
				quoted++
			} else if _, err := strconv.ParseFloat(cell, 64); err != nil && strings.IndexAny(cell, "=+-@\t\r＝") == 0 {
				t.Errorf("%s is %q", lines[0][i], cell)
			}
			if lines[0][i] == "unaccounted" && cell != "-13" {
				t.Errorf("a number is %q", cell)
			}
		}
		if quoted != 7 {
			t.Errorf("%q: %d of 7 texts are quoted: %q", evil, quoted, lines[1])
		}
	}
}

func TestCSVHeaderOnce(t *testing.T) {
	for _, header := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "out.csv")
		out, err := Open(Options{Format: CSV, NoHeader: !header, Output: path})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range sampleReports() {
			if err := out.Print(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := 2
		if header {
			want = 3
		}
		if len(lines) != want {
			t.Errorf("header %v: %d lines", header, len(lines))
		}
	}
}

func TestNodesOfWhichTheSameIsSaid(t *testing.T) {
	node := func(role, address, by string) pipeline.Entry {
		return pipeline.Entry{NodeID: pipeline.NodeID{Role: role, Address: address}, EnergyBy: by}
	}
	for _, test := range []struct {
		nodes []pipeline.Entry
		want  string
	}{
		{nil, ""},
		{[]pipeline.Entry{node("fast", "", ""), node("end", "", "")}, ""},
		{[]pipeline.Entry{node("fast", "", "x"), node("end", "", "")}, "fast: x; "},
		{[]pipeline.Entry{node("fast", "", "x"), node("end", "", "x")}, "all nodes: x; "},
		{[]pipeline.Entry{node("fast", "", "x"), node("slow", "a:1", "y"), node("slow", "b:1", "x"), node("end", "", "x")}, "fast, slow b:1 and end: x; slow a:1: y; "},
	} {
		got := ""
		for _, g := range alike(test.nodes, func(e pipeline.Entry) string { return e.EnergyBy }) {
			got += g.nodes + ": " + g.text + "; "
		}
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestTableNamesLinkAndWire(t *testing.T) {
	r := sampleReports()[0]
	for _, test := range []struct{ link, wire, says, not string }{
		{"real", "float32", "switch 580ms)\n", "over"},
		{"real", "float16", "\nfloat16 on the wire\n", "over"},
		{"wifi", "float32", "\nover an emulated link: wifi\n", "on the wire"},
		{"wifi and rate=1mbit", "int8", "\nover an emulated link: wifi and rate=1mbit,\nint8 on the wire\n", "real"},
	} {
		r.Link, r.Wire = test.link, test.wire
		var b bytes.Buffer
		printRuns(&b, []pipeline.Report{r})
		if head, _, _ := strings.Cut(b.String(), "strategy "); !strings.Contains(head, test.says) || strings.Contains(head, test.not) {
			t.Errorf("%q and %q: the table begins with %q", test.link, test.wire, head)
		}
	}
}
