package answer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"tandem/pipeline"
)

// numpy loads a file, and gives all arrays in it as JSON: their type, shape and values.
const numpy = `
import json, sys, numpy
loaded = numpy.load(sys.argv[1], allow_pickle=False)
arrays = {"": loaded} if isinstance(loaded, numpy.ndarray) else {name: loaded[name] for name in loaded.files}
json.dump({name: [str(a.dtype), a.shape, a.tolist()] for name, a in arrays.items()}, sys.stdout)
`

// load is what numpy reads.
func load(t *testing.T, path string) (arrays map[string][]any) {
	t.Helper()
	const python = "/usr/bin/python3" // Debian's
	out, err := exec.Command(python, "-c", numpy, path).Output()
	if failed, is := errors.AsType[*exec.ExitError](err); errors.Is(err, os.ErrNotExist) || is && strings.Contains(string(failed.Stderr), "No module named 'numpy'") {
		t.Skip("this needs numpy: apt-get install python3-numpy")
	}
	if err == nil {
		err = json.Unmarshal(out, &arrays)
	}
	if err != nil {
		t.Fatalf("%s: %v %s", path, err, out)
	}
	return arrays
}

// same compares what numpy has read with JSON.
func same(t *testing.T, got map[string][]any, want string) {
	t.Helper()
	var all map[string][]any
	if err := json.Unmarshal([]byte(want), &all); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, all) {
		text, _ := json.Marshal(got)
		t.Errorf("numpy has\n%s, want\n%s", text, want)
	}
}

// folder are the names of what is in the folder of a file.
func folder(t *testing.T, path string) (names string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names += e.Name() + " "
	}
	return names
}

func put(t *testing.T, s Sink, answers ...*Answer) {
	t.Helper()
	s.Put(t.Context(), answers)
}

func flush(t *testing.T, s Sink) {
	t.Helper()
	if lost, err := s.Flush(t.Context()); lost != 0 || err != nil {
		t.Fatalf("%d are lost: %v", lost, err)
	}
}

// A network with two outputs of different types has an array for each, in the order in which answers arrive, and beside them
// what tells the rows apart. The file is there when a run is closed, and no other one is left.
func TestNPZ(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.npz")
	if err := os.WriteFile(path, []byte("of an earlier process"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(run string, id uint64, source string, label *int, box, class float32) *Answer {
		return &Answer{Run: run, ID: id, Source: source, Label: label, AgeMS: 1.5, Outputs: []Output{
			{Name: "boxes", Type: "float32", Shape: []int{1, 2}, Values: Numbers{box, -box}},
			{Name: "label", Type: "int64", Shape: []int{1}, Values: Numbers{class}},
			{Name: "boxe", Type: "bool", Shape: []int{1}, Values: Numbers{1}},
			{Name: "runs", Type: "bool", Shape: []int{1}, Values: Numbers{0}},
		}}
	}
	put(t, s, answer("a", 7, "", nil, 0.5, 3), answer("a", 6, "", new(4), 1.5, -1))
	if names := folder(t, path); names != "" {
		t.Errorf("a process that is killed now leaves %s", names)
	}
	flush(t, s)
	same(t, load(t, path), `{
		"boxes": ["float32", [2, 1, 2], [[[0.5, -0.5]], [[1.5, -1.5]]]], "label": ["int64", [2, 1], [[3], [-1]]],
		"boxe": ["bool", [2, 1], [[true], [true]]], "runs": ["bool", [2, 1], [[false], [false]]],
		"id": ["uint64", [2], [7, 6]], "label_": ["int64", [2], [-1, 4]], "age_ms": ["float64", [2], [1.5, 1.5]],
		"run_": ["int32", [2], [0, 0]], "run_s": ["<U1", [1], ["a"]]}`)

	put(t, s, answer("späte", 0, "door", nil, 2, 2))
	flush(t, s)
	flush(t, s)
	same(t, load(t, path), `{
		"boxes": ["float32", [3, 1, 2], [[[0.5, -0.5]], [[1.5, -1.5]], [[2, -2]]]], "label": ["int64", [3, 1], [[3], [-1], [2]]],
		"boxe": ["bool", [3, 1], [[true], [true], [true]]], "runs": ["bool", [3, 1], [[false], [false], [false]]],
		"id": ["uint64", [3], [7, 6, 0]], "label_": ["int64", [3], [-1, 4, -1]], "age_ms": ["float64", [3], [1.5, 1.5, 1.5]],
		"run_": ["int32", [3], [0, 0, 1]], "run_s": ["<U5", [2], ["a", "späte"]],
		"source": ["int32", [3], [0, 0, 1]], "sources": ["<U4", [2], ["", "door"]]}`)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if names := folder(t, path); names != "out.npz " {
		t.Errorf("left are %s", names)
	}
}

// A .npy file can be read at any time, and what a process that was killed has written behind its rows disturbs nobody.
func TestNPY(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.npy")
	s, _, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	of := func(values ...float32) *Answer {
		return &Answer{Outputs: []Output{{Name: "y", Type: "float32", Shape: []int{len(values)}, Values: values}}}
	}
	put(t, s, of(1, 2))
	put(t, s, of(3, -4), of(5, 6))
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("half a row"); err != nil {
		t.Fatal(err)
	}
	put(t, s, of(-1))
	short := of(1, 2)
	short.Outputs[0].Values = short.Outputs[0].Values[:1] // less than its shape says
	put(t, s, short)
	if lost, err := s.Flush(t.Context()); lost != 2 || err == nil || !strings.Contains(err.Error(), "y [1]") {
		t.Errorf("of another network, or cut short: %d are lost, %v", lost, err)
	}
	same(t, load(t, path), `{"": ["float32", [3, 2], [[1, 2], [3, -4], [5, 6]]]}`)
}

// Every type of ONNX that numpy has is numpy's.
func TestNumpyTypes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.npz")
	s, _, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := &Answer{}
	types := strings.Fields("float32 float64 float16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool bfloat16")
	for _, holds := range types {
		a.Outputs = append(a.Outputs, Output{Name: holds, Type: holds, Shape: []int{2}, Values: Numbers{1, 0}})
	}
	put(t, s, a)
	flush(t, s)
	arrays := load(t, path)
	for _, holds := range types {
		want := fmt.Sprintf("[%s [1 2] [[1 0]]]", holds)
		switch holds {
		case "bool":
			want = "[bool [1 2] [[true false]]]"
		case "bfloat16": // numpy has none
			want = "[float32 [1 2] [[1 0]]]"
		}
		if got := fmt.Sprint(arrays[holds]); got != want {
			t.Errorf("%s: %s, want %s", holds, got, want)
		}
	}
}

// Where one column finds no room, none has the row, and the next one takes its place.
func TestRowsAreWhole(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	path := filepath.Join(t.TempDir(), "out.npz")
	n, err := createNPZ(path)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	of := func(id uint64) *Answer {
		return &Answer{Run: "r", ID: id, Outputs: []Output{{Name: "y", Shape: []int{1}, Values: Numbers{float32(id)}}}}
	}
	put(t, n, of(1))
	real := n.columns[1].file
	n.columns[1].file = full
	put(t, n, of(2), of(3))
	if lost, err := n.Flush(t.Context()); lost != 2 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d are lost, %v", lost, err)
	}
	n.columns[1].file = real
	put(t, n, of(4))
	flush(t, n)
	same(t, load(t, path), `{"y": ["float32", [2, 1], [[1], [4]]], "id": ["uint64", [2], [1, 4]], "label": ["int64", [2], [-1, -1]],
		"age_ms": ["float64", [2], [0, 0]], "run": ["int32", [2], [0, 0]], "runs": ["<U1", [1], ["r"]]}`)
}

// A run whose answers are no rows of the file is refused when it is opened.
func TestRunsThatDoNotFitTheFile(t *testing.T) {
	dir := t.TempDir()
	two := pipeline.Run{ID: "r", Outputs: []pipeline.Tensor{{Name: "a", Shape: []int{1}}, {Name: "b", Shape: []int{1}}}}
	one := pipeline.Run{ID: "r", Outputs: two.Outputs[:1]}
	npy, _, err := openFile(filepath.Join(dir, "x.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer npy.Close()
	npz, _, err := openFile(filepath.Join(dir, "x.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer npz.Close()
	refused := func(s Sink, run pipeline.Run, says string) {
		t.Helper()
		if err := s.Begin(run); !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %q", err, says)
		}
	}
	taken := func(s Sink, run pipeline.Run) {
		t.Helper()
		if err := s.Begin(run); err != nil {
			t.Error(err)
		}
	}
	refused(npy, two, "name a .npz file on end")
	taken(npy, one)
	taken(npz, one)
	taken(npz, two)
	put(t, npz, &Answer{Outputs: []Output{{Name: "a", Shape: []int{1}, Values: Numbers{1}}}})
	taken(npz, one)
	refused(npz, two, "the network gives a [1], b [1], and the rows of --results "+filepath.Join(dir, "x.npz")+" are a [1]")
	if _, _, err := openFile(filepath.Join(dir, "absent", "x.npz")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	sub := filepath.Join(dir, "folder.npy")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openFile(sub); !errors.Is(err, errNoFile) {
		t.Errorf("a folder: %v", err)
	}
}
