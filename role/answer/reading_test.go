package answer

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/pipeline"
)

func file(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// classifier is a run of a network with scores for so many classes.
func classifier(classes int, probability bool) pipeline.Run {
	return pipeline.Run{ID: "r", Outputs: []pipeline.Tensor{{Name: "scores", Shape: []int{classes}, Type: "float32", Probability: probability}}}
}

// A score is called what it is, and softmax makes probabilities of logits, and of nothing else.
func TestScoresAreCalledWhatTheyAre(t *testing.T) {
	for _, test := range []struct {
		name    string
		run     pipeline.Run
		softmax bool
		values  []float32
		is      string
		want    []float32
	}{
		{"logits", classifier(3, false), false, []float32{1, 3, 2}, Logit, []float32{1, 3, 2}},
		{"probabilities", classifier(3, true), false, []float32{0.2, 0.7, 0.1}, Probability, []float32{0.2, 0.7, 0.1}},
		{"softmax", classifier(3, false), true, []float32{1, 3, 2}, Probability, []float32{0.09003057, 0.66524096, 0.24472848}},
		{"softmax of large ones", classifier(2, false), true, []float32{1e4, 1e4}, Probability, []float32{0.5, 0.5}},
		{"softmax of probabilities", classifier(3, true), true, []float32{0.2, 0.7, 0.1}, Probability, []float32{0.2, 0.7, 0.1}},
		{"integers", pipeline.Run{Outputs: []pipeline.Tensor{{Shape: []int{2}, Type: "int64"}}}, false, []float32{4, 9}, "", []float32{4, 9}},
	} {
		before := slices.Clone(test.values)
		a := Reading{Softmax: test.softmax}.Of(test.run, &pipeline.Frame{Shapes: [][]int{{len(test.values)}}, Data: test.values})
		if a.ScoreIs != test.is || float32(a.Score) != a.Outputs[0].Values[a.Class] {
			t.Errorf("%s: score %v is %q, want %q", test.name, a.Score, a.ScoreIs, test.is)
		}
		for i, v := range a.Outputs[0].Values {
			if math.Abs(float64(v-test.want[i])) > 1e-7 {
				t.Errorf("%s: %v, want %v", test.name, a.Outputs[0].Values, test.want)
			}
		}
		if !slices.Equal(test.values, before) {
			t.Errorf("%s: the frame's values were changed, and others have them", test.name)
		}
	}
	if a := (Reading{Softmax: true}).Of(classifier(2, false), &pipeline.Frame{Shapes: [][]int{{2}}, Data: []float32{float32(math.NaN()), 1}}); !math.IsNaN(float64(a.Score)) {
		t.Errorf("of no number: %v", a.Outputs)
	}
	if a := (Reading{Softmax: true}).Of(pipeline.Run{}, &pipeline.Frame{}); a.Class != pipeline.NoLabel {
		t.Errorf("of nothing: %v", a)
	}
}

func TestRunsThatCanNotBeReadSo(t *testing.T) {
	boxes := pipeline.Run{ID: "r", Outputs: []pipeline.Tensor{{Name: "boxes", Shape: []int{84, 8400}, Type: "float32"}}}
	wrapped := pipeline.Run{ID: "r", Outputs: []pipeline.Tensor{{Name: "y", Shape: []int{3, 1, 1}, Type: "float32"}}}
	for _, test := range []struct {
		reading Reading
		run     pipeline.Run
		says    string // empty: it can
	}{
		{Reading{}, boxes, ""},
		{Reading{Classes: []string{"a", "b", "c"}, Softmax: true}, classifier(3, false), ""},
		{Reading{Classes: []string{"a", "b", "c"}, Softmax: true}, wrapped, ""},
		{Reading{Classes: []string{"a", "b"}}, pipeline.Run{}, ""}, // it does not say what it has
		{Reading{Classes: []string{"a", "b"}}, classifier(3, false), "--classes has 2 lines, and the network's first output, scores [3], has 3 numbers"},
		{Reading{Classes: []string{"a", "b"}}, boxes, "--classes names the scores of a list"},
		{Reading{Softmax: true}, boxes, "--softmax is for a score for each class"},
		{Reading{Softmax: true}, classifier(1, false), "--softmax is for a score for each class"},
	} {
		err := test.reading.Begin(test.run)
		if (err == nil) != (test.says == "") || err != nil && (!errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%v of %v: %v, want %q", test.reading, test.run.Outputs, err, test.says)
		}
	}
}

func TestClasses(t *testing.T) {
	names, err := readClasses(file(t, "classes.txt", "\ufeffcat\r\ndog\n"))
	if !slices.Equal(names, []string{"cat", "dog"}) || err != nil {
		t.Errorf("%q, %v", names, err)
	}
	_, absent := readClasses(filepath.Join(t.TempDir(), "absent"))
	_, many := readClasses(file(t, "x", strings.Repeat("x\n", 1<<20)))
	_, empty := readClasses(file(t, "empty", "\ufeff\r\n"))
	for says, err := range map[string]error{"it is empty": empty, "--classes: ": absent, "at most 1048576 are allowed": many} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %s", err, says)
		}
	}
}
