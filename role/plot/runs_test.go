package plot

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"tandem/pipeline"
)

// swept reads reports, of which only some fields are given.
func swept(t *testing.T, reports ...string) *sweep {
	t.Helper()
	var s sweep
	for _, r := range reports {
		report, err := parse[pipeline.Report]([]byte(`{"frames":100,"interval_ms":30,"emulate":"pi3",` + r + `}`))
		if err := errors.Join(err, s.take(report)); err != nil {
			t.Fatal(err)
		}
	}
	return &s
}

func TestParameterThatVariesIsFound(t *testing.T) {
	for _, test := range []struct {
		want    string
		reports []string
	}{
		{"tasks", []string{`"strategy":"takeover","tasks":1`, `"strategy":"takeover","tasks":5,"interval_ms":20`}},
		{"rate", []string{`"strategy":"takeover","tasks":5`, `"strategy":"baseline","interval_ms":20,"frames":50`}},
		{"frames", []string{`"strategy":"baseline"`, `"strategy":"baseline","frames":50,"cut":2`}},
		{"frames", []string{`"strategy":"baseline"`, `"strategy":"baseline","frames":50,"interval_ms":0`}}, // without a beat, no rate is offered
		{"cut", []string{`"strategy":"baseline","cut":1`, `"strategy":"baseline","cut":2`}},
		{"nodes", []string{`"strategy":"baseline","nodes":[{"role":"slow"}]`, `"strategy":"baseline","nodes":[{"role":"slow"},{"role":"slow"}]`}},
		{"run", []string{`"strategy":"baseline"`, `"strategy":"takeover","tasks":5`}},
		{"run", []string{`"strategy":"baseline"`}},
	} {
		if by, err := swept(t, test.reports...).by(""); err != nil || by.name != test.want {
			t.Errorf("%q: %s, %v, want %s", test.reports, by.name, err, test.want)
		}
	}
}

// lineNames are the curves of a sweep and how many points each has.
func lineNames(t *testing.T, s *sweep) []string {
	t.Helper()
	f, err := s.figure("")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.panels[0].curves {
		names = append(names, fmt.Sprint(c.name, " ", len(c.xs)))
	}
	return names
}

func TestEachStrategyIsALine(t *testing.T) {
	s := swept(t,
		`"strategy":"mine","tasks":5,"interval_ms":31`, `"strategy":"takeover","tasks":1,"coverage":70,"rate":20,"interval_ms":31`, `"strategy":"takeover","tasks":5,"coverage":75,"interval_ms":31`,
		`"strategy":"takeover","tasks":1,"coverage":72,"rate":23,"interval_ms":31`, `"strategy":"takeover","tasks":1,"coverage":90,"rate":21,"interval_ms":31`,
		`"strategy":"baseline","interval_ms":31`)
	want := []string{"baseline 2", "takeover 2", "mine 1"}
	if got := lineNames(t, s); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	f, _ := s.figure("tasks")
	if one := f.panels[0].curves[1]; !slices.Equal(one.xs, []float64{1, 5}) || !slices.Equal(one.ys, []float64{72, 75}) {
		t.Errorf("medians of coverage: %v, %v", one.xs, one.ys)
	}
	if one := f.panels[1].curves[1]; one.ys[0] != 21 {
		t.Errorf("median of the rate: %v", one.ys)
	}
	if flat := f.panels[0].curves[0]; flat.xs[0] != f.x.from || flat.xs[1] != f.x.to {
		t.Errorf("baseline is no horizontal line: %+v", flat)
	}
}

func TestRunsThatDifferAreNotMixed(t *testing.T) {
	s := swept(t, `"strategy":"takeover","tasks":1,"load":"blocking"`, `"strategy":"takeover","tasks":1,"load":"background"`,
		`"strategy":"takeover","tasks":5,"load":"blocking"`, `"strategy":"alternate","tasks":5,"load":"blocking"`)
	want := []string{"takeover 2", "takeover, background load 1", "alternate 1", " 2", " 2"}
	if got := lineNames(t, s); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Whatever else runs differ in: no line joins them, no median mixes them, and their lines say it.
func TestUnlikeRunsAreToldApart(t *testing.T) {
	usual := map[string]string{"model": `"a"`, "cut": `1`, "interval_ms": `30`, "frames": `100`, "nodes": `[{"role":"slow"}]`, "emulate": `"off"`, "link": `"real"`, "wire": `"float32"`, "version": `"1.0"`}
	report := func(strategy string, tasks int, other map[string]string) string {
		text := fmt.Sprintf(`"strategy":%q,"tasks":%d`, strategy, tasks)
		for name, value := range usual {
			text += fmt.Sprintf(`,%q:%s`, name, cmp.Or(other[name], value))
		}
		return text
	}
	for _, test := range []struct{ name, value, has, lacks string }{
		{"model", `"b"`, "b", "a"},
		{"cut", `2`, "cut at 2", "cut at 1"},
		{"interval_ms", `20`, "one every 20 ms", "one every 30 ms"},
		{"interval_ms", `0.0`, "as fast as they are taken", "one every 30 ms"},
		{"frames", `101`, "101 frames", "100 frames"},
		{"nodes", `[{"role":"slow"},{"role":"slow"}]`, "2 slow nodes", "1 slow node"},
		{"emulate", `"pi3"`, "emulating pi3", "no emulation"},
		{"link", `"wifi"`, "wifi link", "real link"},
		{"wire", `"int8"`, "int8 on the wire", "float32 on the wire"},
		{"version", `"1.1"`, "version 1.1", "version 1.0"},
	} {
		unlike := map[string]string{test.name: test.value}
		s := swept(t, report("takeover", 1, nil), report("takeover", 5, nil), report("takeover", 5, unlike), report("takeover", 9, unlike),
			report("baseline", 0, nil), report("baseline", 0, unlike))
		f, err := s.figure("tasks")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"baseline, " + test.lacks, "baseline, " + test.has, "takeover, " + test.lacks, "takeover, " + test.has}
		var got []string
		for i, c := range f.panels[0].curves {
			got = append(got, c.name)
			if want := [][]float64{{f.x.from, f.x.to}, {f.x.from, f.x.to}, {1, 5}, {5, 9}}[min(i, 3)]; !slices.Equal(c.xs, want) {
				t.Errorf("%s: %s is at %v, want %v", test.name, c.name, c.xs, want)
			}
			if want := ColourOf([]string{"baseline", "baseline", "takeover", "takeover"}[min(i, 3)]).Light; c.color != hex(want) {
				t.Errorf("%s: %s is %v", test.name, c.name, c.color)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", test.name, got, want)
		}
		for _, text := range strings.Split(f.caption, ", ") {
			if text == test.has || text == test.lacks {
				t.Errorf("%s: the caption says %q", test.name, f.caption)
			}
		}
	}
	f, err := swept(t, report("takeover", 1, nil), report("alternate", 5, nil)).figure("tasks")
	if want := "a, cut at 1, 100 frames, one every 30 ms, 1 slow node, no emulation, real link, float32 on the wire, version 1.0"; err != nil || f.caption != want {
		t.Errorf("%q, %v, want %q", f.caption, err, want)
	}
}

func TestPublishedPointsWhereTheyApply(t *testing.T) {
	all := func(s *sweep) string { return strings.Join(lineNames(t, s), "; ") }
	comparable := []string{`"strategy":"takeover","tasks":1`, `"strategy":"takeover","tasks":5`, `"strategy":"baseline"`, `"strategy":"balance"`}
	if got, want := all(swept(t, comparable...)), "baseline 2; takeover 2; balance 2;  1;  2;  0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, other := range []string{`"interval_ms":31`, `"frames":99`, `"emulate":"off"`} {
		if got := all(swept(t, append(comparable[:3:3], `"strategy":"baseline",`+other)...)); strings.Contains(got, ";  ") {
			t.Errorf("%s: %q", other, got)
		}
	}
	if n := len(publishedRuns()); n != 14 {
		t.Errorf("%d published points", n)
	}
}

func TestOfferedLineStaysInThePanel(t *testing.T) {
	c := offeredLine(axis{from: 0, to: 100}, axis{from: 10, to: 40})
	if !slices.Equal(c.xs, []float64{10, 40}) || !slices.Equal(c.ys, c.xs) {
		t.Errorf("%v, %v", c.xs, c.ys)
	}
	if c = offeredLine(axis{from: 50, to: 100}, axis{from: 10, to: 40}); len(c.xs) != 0 {
		t.Errorf("%v", c.xs)
	}
}

// fuzzed draws what could be read. All must be in the picture, and nothing may panic.
func fuzzed(t *testing.T, p Picture) {
	f, err := p.figure()
	if err != nil {
		return
	}
	for _, one := range f.panels {
		for _, c := range one.curves {
			for i, y := range c.ys {
				if x := c.xs[i]; x < f.x.from || x > f.x.to*(1+1e-9) || y < one.y.from || y > one.y.to*(1+1e-9) || math.IsInf(x+y, 0) {
					t.Fatalf("%s of %s has %v, %v, and the axes are %v to %v and %v to %v",
						c.name, one.y.name, x, y, f.x.from, f.x.to, one.y.from, one.y.to)
				}
			}
		}
	}
	for _, format := range []string{".svg"} {
		var image bytes.Buffer
		if err := f.render(format, &image); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, image.Bytes())
	}
}

func seeds(f *testing.F, files ...string) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		lines := slices.Collect(strings.Lines(string(text)))
		f.Add(strings.Join(lines[:min(len(lines), 8)], ""), "")
	}
}

func FuzzPlotReports(f *testing.F) {
	seeds(f, "testdata/tasks.jsonl", "testdata/rate.jsonl", "testdata/unlike.jsonl", "../report/testdata/report.json")
	f.Fuzz(func(t *testing.T, text, by string) {
		fuzzed(t, Picture{Reports: []string{"-"}, By: by, Stdin: io.LimitReader(strings.NewReader(text), 1<<16)})
	})
}
