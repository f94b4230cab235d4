package role

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateInspect = flag.Bool("update-inspect", false, "write the golden files of inspect")

func TestInspectGolden(t *testing.T) {
	for _, format := range []Format{Table, JSON} {
		var out bytes.Buffer
		if err := Inspect(Inspection{Model: "../model/testdata/digits_cnn.onnx", Format: format, Stdout: &out}); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "inspect."+string(format))
		if *updateInspect {
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s: got\n%s\nwant (go test ./role -run Golden -update-inspect)\n%s", format, out.String(), want)
		}
	}
}

func TestInspectCalibrated(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "cuts.json")
	if err := Inspect(Inspection{Model: "../model/testdata/digits_cnn.onnx", Format: JSON, Calibrate: true, Threads: 1, Output: file, Stdout: &out}); err != nil {
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
	if len(found.Cuts) != 10 || best != 1 {
		t.Errorf("%d cuts, %d of them the best", len(found.Cuts), best)
	}
	if err := Inspect(Inspection{Model: "nowhere.onnx", Stdout: &out}); err == nil || !strings.Contains(err.Error(), "nowhere.onnx") {
		t.Errorf("no file: %v", err)
	}
}
