package answer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// patience is how long a test waits for what must happen, on a machine that is busy with other things.
const patience = 3 * time.Minute

// opened are the sinks that are wanted, and the fan that feeds them.
func opened(t *testing.T, w Wanted) (*Fan, Sinks) {
	t.Helper()
	fan := NewFan()
	w.Log = zerolog.Nop()
	s, err := Open(w, fan)
	if err != nil {
		t.Fatal(err)
	}
	return fan, s
}

// flushed is what sinks say that get on. On a machine that stands still they may be late, and say the rest later.
func flushed(t *testing.T, sinks Sinks) (said []error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		late := false
		for _, err := range sinks.Flush() {
			if errors.Is(err, errLate) {
				late = true
			}
			if !errors.Is(err, errLate) || strings.Contains(err.Error(), "missing") {
				said = append(said, err)
			}
		}
		if !late {
			return said
		}
		if time.Now().After(deadline) {
			t.Fatalf("they do not get on, and have said %v", said)
		}
	}
}

// tell hands on what frames have brought.
func (r Reading) tell(fan *Fan, run pipeline.Run, frames ...pipeline.Frame) {
	for i := range frames {
		a := r.Of(run, &frames[i])
		fan.Publish(Event{Run: run.ID, Answer: &a})
	}
}

// Each frame's line can be read soon after it has arrived, while the run goes on, with the name of its class where that is known.
func TestResultsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	reading, err := NewReading(file(t, "classes.txt", "\ufeffcat\r\ndog\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	fan, sinks := opened(t, Wanted{Results: path})
	by := pipeline.NodeID{Role: "slow", Address: "s:1"}
	reading.tell(fan, pipeline.Run{ID: "r"},
		pipeline.Frame{ID: 6, Shapes: [][]int{{2}}, Data: []float32{1, 0}, Label: pipeline.NoLabel, By: by},
		pipeline.Frame{ID: 7, Shapes: [][]int{{2}}, Data: []float32{0.25, 0.75}, Label: pipeline.NoLabel, Age: 1500 * time.Microsecond, By: by},
		pipeline.Frame{ID: 8, Shapes: [][]int{{3}}, Data: []float32{0, 0, 1}, Label: 2, By: by}, // a class without a name
	)
	const want = `{"run":"r","id":6,"class":0,"name":"cat","score":1,"score_is":"logit","age_ms":0,"node":"slow","address":"s:1"}
{"run":"r","id":7,"class":1,"name":"dog","score":0.75,"score_is":"logit","age_ms":1.5,"node":"slow","address":"s:1"}
{"run":"r","id":8,"class":2,"score":1,"score_is":"logit","label":2,"age_ms":0,"node":"slow","address":"s:1"}
`
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) == want {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s, want\n%s", text, want)
		}
	}
	if err := sinks.Close(); err != nil {
		t.Error(err)
	}
}

// With --answers full a line has the values of all outputs, those that are no numbers too.
func TestFullResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	fan, sinks := opened(t, Wanted{Results: path, Full: true})
	run := classifier(2, true)
	run.Outputs = append(run.Outputs, pipeline.Tensor{Name: "size", Shape: []int{1, 1}, Type: "int64"})
	Reading{}.tell(fan, run, pipeline.Frame{ID: 6, Shapes: [][]int{{2}, {1, 1}}, Data: []float32{0.25, 0.75, 9}, Label: pipeline.NoLabel})
	if errs := flushed(t, sinks); len(errs) > 0 {
		t.Error(errs)
	}
	const want = `{"run":"r","id":6,"class":1,"score":0.75,"score_is":"probability","age_ms":0,"node":"","address":"",` +
		`"outputs":[{"name":"scores","type":"float32","shape":[2],"values":[0.25,0.75]},{"name":"size","type":"int64","shape":[1,1],"values":[9]}]}` + "\n"
	if text, err := os.ReadFile(path); string(text) != want || err != nil {
		t.Errorf("%s, %v, want\n%s", text, err, want)
	}
	if err := sinks.Close(); err != nil {
		t.Error(err)
	}
}

// A disk that is full does not end a run. What found no room is counted, and told of until the end.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	fan, sinks := opened(t, Wanted{Results: "/dev/full"})
	Reading{}.tell(fan, pipeline.Run{ID: "r"}, make([]pipeline.Frame, 3)...)
	const says = "--results: 3 answers are missing, the first because "
	errs := flushed(t, sinks)
	if again := flushed(t, sinks); len(errs) != 1 || len(again) > 0 {
		t.Fatalf("errors %v, and then %v", errs, again)
	}
	for _, err := range []error{errs[0], sinks.Close()} {
		if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("error %v", err)
		}
	}
}
