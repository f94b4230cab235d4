package inspect

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sebdah/goldie/v2"
	"github.com/urfave/cli/v2"

	"tandem/model"
	"tandem/role/report"
)

// TestMain leaves nothing in the cache of whoever runs the tests, and takes nothing from it.
func TestMain(m *testing.M) {
	_ = os.Setenv("XDG_CACHE_HOME", os.DevNull)
	os.Exit(m.Run())
}

// golden compares with a file in testdata, or, with the flag -update, writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldie.New(t, goldie.WithFixtureDir("testdata"), goldie.WithNameSuffix("")).Assert(t, name, got)
}

func TestInspectGolden(t *testing.T) {
	for _, format := range []report.Format{report.Table, report.JSON} {
		var out bytes.Buffer
		if err := Run(Options{Model: "../../model/testdata/digits_cnn.onnx", Format: format, Stdout: &out}); err != nil {
			t.Fatal(err)
		}
		golden(t, "inspect."+string(format), out.Bytes())
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(line) - 1; n > 80 && format == report.Table {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	}
}

func TestInspectCalibrated(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "cuts.json")
	if err := Run(Options{Model: "../../model/testdata/digits_cnn.onnx", Format: report.JSON, Calibrate: true, Threads: 1, Output: file, Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || out.Len() > 0 {
		t.Fatalf("%v, and %d bytes on stdout", err, out.Len())
	}
	var found inspection
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	best := 0
	for _, c := range found.Cuts {
		if c.Before == nil || c.After == nil || *c.Before < 0 || *c.After < 0 {
			t.Errorf("cut %d has no times", c.Index)
		}
		if c.Best {
			best++
		}
	}
	if c := found.Calibration; c == nil || len(c.Layers) != 11 || c.Layers[0].Batches[0].MedianUS <= 0 {
		t.Errorf("the layers are not measured: %+v", c)
	}
	if len(found.Cuts) != 10 || best != 1 {
		t.Errorf("%d cuts, %d of them the best", len(found.Cuts), best)
	}
	var table bytes.Buffer
	if err := Run(Options{Calibrate: true, Threads: 1, Format: report.Table, Stdout: &table}); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"measured on this device", "dense 2000 to 2000", "f/s"} {
		if !strings.Contains(table.String(), says) {
			t.Errorf("the table does not say %q:\n%s", says, table.String())
		}
	}
	if err := Run(Options{Model: "nowhere.onnx", Stdout: &out}); err == nil || !strings.Contains(err.Error(), "nowhere.onnx") {
		t.Errorf("no file: %v", err)
	}
}

// A network of a thousand operators is told in its best cuts, unless all are wanted.
func TestInspectOfManyLayers(t *testing.T) {
	f := inspection{Model: "deep.onnx", Inputs: []tensor{{Name: "ids", Shape: []int{12}, Type: "int64", Bytes: 48}, {Name: "mask", Shape: []int{12}, Type: "bool", Bytes: 48}}, Outputs: []tensor{{Name: "y", Shape: []int{7}, Type: "float32", Bytes: 28}}}
	for cut := range 1000 {
		f.Cuts = append(f.Cuts, cutPlace{
			Index: cut + 1, Tensor: strings.Repeat("/deep/", 20) + "out", Alive: make([]tensor, 100), Bytes: 1023 << 30,
			WeightsBefore: 1023 << 20, WeightsAfter: 1023 << 20, Share: float64(cut+1) / 1001, Before: new(12345.67), After: new(12345.67), Best: cut == 500,
		})
		f.ranked = append(f.ranked, 1000-cut)
	}
	f.Calibration = new(model.Calibration)
	for all, want := range map[bool]int{false: 20, true: 1000} {
		var out bytes.Buffer
		printInspection(&out, f, all)
		rows := 0
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(line) - 1; n > 80 {
				t.Errorf("%d columns: %s", n, line)
			}
			rows += strings.Count(line, "…")
		}
		if rows != want || !strings.Contains(out.String(), "ids [12] of int64") || strings.Contains(out.String(), "--all") == all {
			t.Errorf("%d rows, want %d:\n%.1000s", rows, want, out.String())
		}
	}
}

// A name that is too long keeps what tells it from others.
func TestInspectClipsNames(t *testing.T) {
	for name, want := range map[string]string{
		"/4/Conv_output_0":                   "/4/Conv_output_0",
		"/enc1/enc1.0/Conv_output_0":         "/enc1/enc1.0/Conv…",
		"/block1/layer3/conv2/Conv_output_0": "…ayer3/conv2/Conv…",
		"features/denseblock/relu":           "…s/denseblock/relu",
	} {
		if got := ending(name, 18); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestInspectListsOperators(t *testing.T) {
	var out bytes.Buffer
	app := &cli.App{Commands: []*cli.Command{Command(&out)}}
	if err := app.Run([]string{"tandem", "inspect", "--operators"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Conv\n", "If\n", "Resize\n"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("%q is not among\n%s", name, out.String())
		}
	}
}
