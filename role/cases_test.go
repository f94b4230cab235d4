package role

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/options"
	"tandem/role/report"
)

// played is what a run of one process gives in fake time: its report, its results, and what it says on stderr.
func played(t *testing.T, change func(*setup)) (r pipeline.Report, results []answer.Answer, said string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	c := quick()
	c.Stdout, c.Stderr = &out, zerolog.SyncWriter(&errs) // several nodes log
	c.Strategy, c.Report.Format = "baseline", report.JSON
	c.Results = filepath.Join(t.TempDir(), "results.jsonl")
	change(&c)
	c.Log = c.Logger()
	onOneHost(t, func(t *testing.T, host setup) {
		c.network, c.Threads = host.network, host.Threads
		if err = c.Validate(); err == nil {
			err = runLocal(t.Context(), c)
		}
	})
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := os.ReadFile(c.Results)
	for line := range strings.Lines(string(text)) {
		var one answer.Answer
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		results = append(results, one)
	}
	return r, results, errs.String(), err
}

// The cases of cameras: how many frames there are, and how many pictures are skipped.
func TestCasesOfCameras(t *testing.T) {
	network := cases(t, "pictures/quad1.onnx")
	for name, want := range map[string][2]int64{"good": {12, 0}, "nodht": {12, 0}, "corrupt_scan": {11, 1}} {
		path := cases(t, "cameras/"+name+".mjpeg")
		for _, stdin := range []bool{false, true} {
			r, results, said, err := played(t, func(c *setup) {
				c.Model, c.Frames, c.Input.Paths = network, 0, []string{"mjpeg:" + path}
				if stdin {
					file, err := os.Open(path)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { file.Close() })
					c.Stdin, c.Input.Paths = file, []string{"mjpeg:-"}
				}
			})
			if err != nil || r.Frames != want[0] || r.Delivered != want[0] || int64(len(results)) != want[0] {
				t.Errorf("%s: %d frames, %d delivered, %v", name, r.Frames, r.Delivered, err)
				continue
			}
			checkLedgers(t, r, 1)
			if client := r.Nodes[0]; client.Skipped != want[1] || client.Received != want[0]+want[1] ||
				(want[1] > 0) != (strings.Contains(said, "damaged") || strings.Contains(said, "can be read")) || (want[1] > 0) != (len(r.Notes) > 0) {
				t.Errorf("%s: %v; said %q, notes %q", name, client, said, r.Notes)
			}
		}
	}
}

// The cases of pictures: what the network takes them for.
func TestCasesOfPictures(t *testing.T) {
	for path, want := range map[string]struct {
		network string
		class   int
		score   float32 // 0: any
	}{
		"exif6.jpg": {"quad1.onnx", 1, 0}, "lines.png": {"quad1.onnx", 1, 0}, "red_alpha0.png": {"rgb.onnx", 0, 0.98},
	} {
		_, results, _, err := played(t, func(c *setup) {
			c.Model, c.Frames, c.Input.Paths = cases(t, "pictures/"+want.network), 1, []string{cases(t, "pictures/"+path)}
		})
		if err != nil || len(results) != 1 {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got := results[0]; got.Class != want.class || want.score > 0 && (float32(got.Score) < want.score-0.005 || float32(got.Score) > want.score+0.005) {
			t.Errorf("%s: class %d, score %v", path, got.Class, got.Score)
		}
	}
}

// The cases of arrays: errors that name the shape, and no panic.
func TestCasesOfArrays(t *testing.T) {
	for path, labels := range map[string]string{"scalar_nan.npy": "", "scalar.npy": "labels20.npy"} {
		_, _, _, err := played(t, func(c *setup) {
			c.Model, c.Input.Paths = "", []string{cases(t, "arrays/"+path)}
			if labels != "" {
				c.Input.Labels = cases(t, "arrays/"+labels)
			}
		})
		if err == nil || !strings.Contains(err.Error(), "its shape is ()") {
			t.Errorf("%s: %v", path, err)
		}
	}
	_, results, _, err := played(t, func(c *setup) {
		c.Model, c.Frames, c.Classes = cases(t, "pictures/quad1.onnx"), 5, cases(t, "arrays/bom.txt")
		c.Input.Paths = []string{cases(t, "pictures/lines.png")}
	})
	if err != nil || len(results) == 0 || strings.HasPrefix(results[0].Name, "\ufeff") {
		t.Errorf("%v, %v", results, err)
	}
}

// Frames carry the name of their source to end, whatever nodes they pass.
func TestSourcesAreNamedInResults(t *testing.T) {
	r, results, _, err := played(t, func(c *setup) {
		c.Frames, c.Input.Sources = 40, []string{"left=" + digitsImages, "right=" + digitsImages}
	})
	share := map[string]int{}
	for _, one := range results {
		share[one.Source]++
	}
	if err != nil || int64(len(results)) != r.Delivered || share["left"] < 10 || share["right"] < 10 || share["left"]+share["right"] != len(results) {
		t.Errorf("%v, %v", share, err)
	}
	for says, change := range map[string]func(*options.Options){
		"--input and --source don't go together": func(o *options.Options) { o.Input.Paths = []string{digitsImages} },
		"--source a is given twice":              func(o *options.Options) { o.Input.Sources = []string{"a=x.npy", "b=x.npy", "a=y.npy"} },
		"--labels and --source":                  func(o *options.Options) { o.Input.Labels = digitsLabels },
	} {
		o := quick().Options
		o.Strategy, o.Input.Sources = "baseline", []string{"a=" + digitsImages}
		change(&o)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}
