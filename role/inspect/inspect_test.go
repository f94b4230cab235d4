package inspect

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"tandem/role/report"
)

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
	for _, says := range []string{"busier of two devices like this one", "dense 2000 to 2000", "f/s"} {
		if !strings.Contains(table.String(), says) {
			t.Errorf("the table does not say %q:\n%s", says, table.String())
		}
	}
	if err := Run(Options{Model: "nowhere.onnx", Stdout: &out}); err == nil || !strings.Contains(err.Error(), "nowhere.onnx") {
		t.Errorf("no file: %v", err)
	}
}
