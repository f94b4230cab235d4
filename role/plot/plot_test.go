package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"
)

// plotted draws and returns the picture.
func plotted(t *testing.T, p Picture, suffix string) []byte {
	t.Helper()
	p.Output = filepath.Join(t.TempDir(), "picture"+suffix)
	if err := errors.Join(p.Validate(), Draw(p)); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(p.Output)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

var samplePlots = map[string]Picture{
	"tasks":  {Reports: []string{"testdata/tasks.jsonl"}},
	"rate":   {Reports: []string{"testdata/rate.jsonl"}, Title: "Offered & <delivered>"},
	"runs":   {Reports: []string{"testdata/unlike.jsonl"}, By: "run"},
	"heat":   {Reports: []string{"testdata/grid.jsonl"}, By: "tasks", And: "rate"},
	"pareto": {Reports: []string{"testdata/grid.jsonl"}, Pareto: "age"},
	"grid":   {Reports: []string{"testdata/grid.jsonl"}, By: "tasks"},
	"trace":  {Trace: "testdata/trace.jsonl", Title: "alternate"},
}

func TestPicturesAreGolden(t *testing.T) {
	for name, p := range samplePlots {
		svg := plotted(t, p, ".svg")
		goldie.New(t, goldie.WithFixtureDir("testdata"), goldie.WithNameSuffix(".svg")).Assert(t, name, svg)
		wellFormed(t, svg)
		if !bytes.Equal(svg, plotted(t, p, ".svg")) {
			t.Errorf("%s: a second picture differs", name)
		}
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
}

func TestPicturesArePNG(t *testing.T) {
	for name, p := range samplePlots {
		image, err := png.Decode(bytes.NewReader(plotted(t, p, ".png")))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if size := image.Bounds().Size(); size.X != 1000 || size.Y != 700 {
			t.Errorf("%s has the size %v", name, size)
		}
		if r, g, b, a := image.At(1, 1).RGBA(); r&g&b&a != 0xffff {
			t.Errorf("%s is not white outside", name)
		}
	}
}

func TestPlotReadsStdin(t *testing.T) {
	reports, err := os.ReadFile("testdata/tasks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want := plotted(t, samplePlots["tasks"], ".svg")
	if got := plotted(t, Picture{Reports: []string{"-"}, Stdin: bytes.NewReader(reports)}, ".svg"); !bytes.Equal(got, want) {
		t.Error("it is another picture")
	}
}

func TestWrongPlotIsRefused(t *testing.T) {
	for _, test := range []struct {
		p    Picture
		want string
	}{
		{Picture{Output: "x.svg"}, "nothing to draw"},
		{Picture{Reports: []string{"a"}}, "--output is missing"},
		{Picture{Reports: []string{"a"}, Output: "x.jpg"}, "--output x.jpg: use a name that ends in .svg or .png"},
		{Picture{Reports: []string{"a"}, Output: "x"}, ".svg or .png"},
		{Picture{Reports: []string{"a"}, Output: "x.svg", By: "colour"}, `--by "colour": use one of tasks, rate, frames, cut, nodes, run`},
		{Picture{Reports: []string{"a"}, Output: "x.svg", Run: "r"}, "--run r"},
		{Picture{Reports: []string{"a"}, Output: "x.svg", Trace: "t"}, `"a" is too much`},
		{Picture{Trace: "t", By: "tasks", Output: "x.svg"}, "--by means nothing"},
		{Picture{Reports: []string{"-", "a", "-"}, Output: "x.svg"}, "once only"},
	} {
		if err := test.p.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.p, err, test.want)
		}
	}
}

func TestPlotNamesWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	const report = `{"strategy":"alternate","tasks":1,"frames":100,"interval_ms":30,"coverage":90,"rate":30}` + "\n"
	const decision = `{"run":"r1","node":"fast","decision":"forward"}` + "\n"
	many := strings.Builder{}
	for i := range mostLines + 1 {
		many.WriteString(strings.Replace(report, "alternate", "alternate"+string(rune('A'+i)), 1))
	}
	for i, test := range []struct {
		text  string
		p     Picture // of the text, as Reports, or Trace where it is set
		named []string
	}{
		{"", Picture{}, []string{"no report", "--format json"}},
		{"\n\n", Picture{}, []string{"no report"}},
		{report + "\n{", Picture{}, []string{"line 3", "no line of JSON"}},
		{report + "run,strategy,tasks", Picture{}, []string{"line 2", "no line of JSON"}},
		{`{"a":1}`, Picture{}, []string{"line 1", "no strategy", "--format json"}},
		{`{"strategy":"x","tasks":-1}`, Picture{}, []string{"line 1", "tasks is a number -1"}},
		{`{"strategy":"x","coverage":101}`, Picture{}, []string{"coverage is 101", "0 to 100"}},
		{`{"strategy":"x","rate":-1}`, Picture{}, []string{"rate is -1"}},
		{`{"strategy":"x","interval_ms":1e-300}`, Picture{}, []string{"interval_ms is 1e-300"}},
		{report + strings.Repeat(" ", longestLine), Picture{}, []string{"line 2", "longer than 1048576"}},
		{`{"strategy":"x"}`, Picture{By: "tasks"}, []string{"--by tasks", "nothing to draw"}},
		{`{"strategy":"x"}`, Picture{By: "rate"}, []string{"--by rate", "interval_ms 0"}},
		{many.String(), Picture{By: "tasks"}, []string{"more than 16 lines", "--by"}},
		{"", Picture{Trace: "-"}, []string{"no decision in it"}},
		{decision + "x", Picture{Trace: "-"}, []string{"line 2", "no line of JSON"}},
		{report, Picture{Trace: "-"}, []string{"line 1", "no line of a trace"}},
		{`{"run":"r","decision":"wait","t_ms":-1}`, Picture{Trace: "-"}, []string{"t_ms is -1"}},
		{`{"run":"r","decision":"wait","backlog":-1}`, Picture{Trace: "-"}, []string{"backlog is a number -1"}},
		{`{"run":"r","decision":"wait","slow":[` + strings.Repeat("{},", 64) + `{}]}`, Picture{Trace: "-"}, []string{"65 slow nodes"}},
		{decision, Picture{Trace: "-", Run: "r2"}, []string{`"r2"`, `"r1"`}},
	} {
		file := filepath.Join(folder, string(rune('a'+i))+".jsonl")
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if test.p.Output = filepath.Join(folder, "x.svg"); test.p.Trace != "" {
			test.p.Trace = file
		} else {
			test.p.Reports = []string{file}
		}
		err := errors.Join(test.p.Validate(), Draw(test.p))
		for _, n := range test.named {
			if err == nil || !strings.Contains(err.Error(), n) {
				t.Errorf("%.60q: %v, want %q", test.text, err, n)
			}
		}
		if err != nil && !strings.Contains(err.Error(), "--by") && !strings.Contains(err.Error(), file) {
			t.Errorf("%v does not name %s", err, file)
		}
		if _, err := os.Stat(test.p.Output); err == nil {
			t.Fatalf("%.60q leaves a file", test.text)
		}
	}
	for _, absent := range []Picture{{Reports: []string{"testdata/absent"}}, {Trace: "testdata/absent"}, {Reports: []string{"testdata"}}} {
		absent.Output = filepath.Join(folder, "x.svg")
		if err := Draw(absent); err == nil || !strings.Contains(err.Error(), "testdata") {
			t.Errorf("%+v: %v", absent, err)
		}
	}
	p := samplePlots["tasks"]
	p.Output = filepath.Join(folder, "absent", "x.svg")
	if err := Draw(p); err == nil || !strings.Contains(err.Error(), "--output") {
		t.Error(err)
	}
}

func TestAxisIsRound(t *testing.T) {
	for _, test := range []struct {
		from, to float64
		steps    int
		whole    bool
		want     string
	}{
		{0, 40, 10, true, "0 5 10 15 20 25 30 35 40"},
		{72, 100, 6, false, "70 75 80 85 90 95 100"},
		{100, 100, 6, false, "97 98 99 100 101 102 103"},
		{81, 85.1, 6, false, "80 81 82 83 84 85 86"},
		{0, 0, 4, true, "0 1"},
		{1, 3, 10, true, "0 1 2 3"},
		{0.003, 0.0041, 4, false, "0.0030 0.0035 0.0040 0.0045"},
		{5, 50, 5, false, "0 10 20 30 40 50"},
		{0, 3e9, 2, true, "0 2e+09 4e+09"},
	} {
		var got []string
		a := newAxis("", test.from, test.to, test.steps, test.whole)
		for _, tick := range a.ticks {
			got = append(got, tick.Label)
		}
		if strings.Join(got, " ") != test.want || a.from > test.from || a.to < test.to {
			t.Errorf("%v to %v: %q, want %q", test.from, test.to, got, test.want)
		}
	}
	x := newAxis("", 0, 40, 10, true).scale(800)
	for _, v := range []float64{1, 5, 10, 15, 20, 40} {
		if got := x.Translate(v); got != int(v*20) {
			t.Errorf("%v is drawn at %d", v, got)
		}
	}
}

// A caption that is longer than the picture is wide takes several lines.
func TestLongTextsAreWrapped(t *testing.T) {
	var to bytes.Buffer
	long := strings.Repeat("a word or two ", 20)
	f := figure{title: "title", caption: long, x: newAxis("x", 0, 1, 5, false), panels: []panel{{y: newAxis("y", 0, 1, 5, false)}}}
	if err := f.render(".svg", &to); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(to.String(), ">a word") + strings.Count(to.String(), ">or two") + strings.Count(to.String(), ">two a") + strings.Count(to.String(), ">word or"); n < 2 {
		t.Errorf("280 letters take %d lines", n)
	}
}
