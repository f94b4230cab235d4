package input

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/transport"
)

// arraysOf are files that numpy has written.
func arraysOf(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if out, err := exec.Command(python(t, "numpy"), "testdata/arrays.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return folder
}

// Every kind of number that numpy writes is read, in either byte order and either layout.
func TestArraysOfNumpy(t *testing.T) {
	folder := arraysOf(t)
	wanted, err := filepath.Glob(filepath.Join(folder, "*.raw"))
	if err != nil || len(wanted) != 12*2*2*3 {
		t.Fatalf("%d files, %v", len(wanted), err)
	}
	for _, path := range wanted {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float32, len(raw)/4)
		if _, err := binary.Decode(raw, binary.LittleEndian, want); err != nil {
			t.Fatal(err)
		}
		in, err := openInput(Options{Paths: []string{strings.TrimSuffix(path, ".raw") + ".npy"}}, 3, 2)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			continue
		}
		var got []float32
		for i := range uint64(4) {
			data, err := in.Next(i)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, data...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", filepath.Base(path), got, want)
		}
	}
}

// What is no array of numbers is answered with how to save one.
func TestArraysThatAreNone(t *testing.T) {
	folder := arraysOf(t)
	for name, says := range map[string]string{
		"object": "Python objects", "strings": "U2, strings, and numbers are needed", "bytes": "S2, strings", "records": "numpy.save(path, x['name'])",
		"complex": "c16, complex numbers", "dates": "dates", "long": "save x.astype(numpy.float32)", "scalar": "its shape is ()",
		"empty": "its shape is (0, 2)", "huge": "value 0 is 1099511627776: integers of up to", "beyond": "value 0 of row 0 is +Inf", "void": "bytes without a type",
	} {
		path := filepath.Join(folder, "bad-"+name+".npy")
		if _, err := openInput(Options{Paths: []string{path}}, 2); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
}

// A .npz file has its arrays by name: each input's own, the one that is named, or the only one.
// Of an archive that is for all inputs, the input is named whose array is shorter.
func TestArraysOfUnequalLengths(t *testing.T) {
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for name, path := range map[string]string{"a": writeNPY(t, []float32{1, 2, 3}), "b": writeNPY(t, []float32{1, 2})} {
		array, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := archive.Create(name + ".npy")
		if err == nil {
			_, err = w.Write(array)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := Open(Options{Paths: []string{writeFile(t, "x.npz", b.Bytes())}})
	if err == nil {
		err = in.Fit([]transport.Input{{Name: "a", Shape: []int{1}}, {Name: "b", Shape: []int{1}}})
	}
	if err == nil || !strings.Contains(err.Error(), `"b" has 2 frames, and another input has 3`) {
		t.Errorf("error %v", err)
	}
}

func TestArchives(t *testing.T) {
	folder := arraysOf(t)
	one, several := filepath.Join(folder, "one.npz"), filepath.Join(folder, "several.npz")
	wanted := []transport.Input{{Name: "mask", Shape: []int{2}}, {Name: "ids", Shape: []int{3}, Type: "int64"}}
	for about, test := range map[string]struct {
		paths  []string
		wanted []transport.Input
		first  []float32
		says   string
	}{
		"the only one":        {[]string{one}, []transport.Input{{Name: "input", Shape: []int{6}}}, []float32{0, 7, 3, 10, 6, 2}, ""},
		"by the input's name": {[]string{several}, wanted[:1], []float32{0, 1}, ""},
		"all inputs":          {[]string{several}, wanted, []float32{0, 1, 0, 1, 2}, ""},
		"a member":            {[]string{several + ":ids"}, []transport.Input{{Name: "x", Shape: []int{3}}}, []float32{0, 1, 2}, ""},
		"members":             {[]string{"ids=" + several + ":ids", "mask=" + several + ":mask"}, wanted, []float32{0, 1, 0, 1, 2}, ""},
		"by name, twice":      {[]string{"ids=" + several, "mask=" + several}, wanted, []float32{0, 1, 0, 1, 2}, ""},
		"another name":        {[]string{several}, []transport.Input{{Name: "x", Shape: []int{3}}}, nil, `it has no array "x". It has ids, mask, labels, words`},
		"no such member":      {[]string{several + ":y"}, wanted[:1], nil, `it has no array "y"`},
		"an object":           {[]string{several + ":words"}, wanted[:1], nil, "Python objects"},
	} {
		in, err := Open(Options{Paths: test.paths})
		if err == nil {
			err = in.Fit(test.wanted)
		}
		if test.says != "" {
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v, want %q", about, err, test.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", about, err)
			continue
		}
		if data, err := in.Next(0); err != nil || !slices.Equal(data, test.first) {
			t.Errorf("%s: %v, %v, want %v", about, data, err, test.first)
		}
	}
	if labels, err := ReadLabels(several + ":labels"); err != nil || !slices.Equal(labels, []int{7, 9}) {
		t.Errorf("labels: %v, %v", labels, err)
	}
	f, err := OpenFeed(Options{Paths: []string{several}, Labels: several + ":ids"})
	if err == nil {
		defer f.Close()
		err = f.Fit(wanted[:1])
	}
	if err == nil || !strings.Contains(err.Error(), "6 labels for 2 frames") {
		t.Errorf("labels of another number: %v", err)
	}
	for about, b := range map[string][]byte{"no zip": []byte("no zip"), "empty": {}} {
		if _, err := openInput(Options{Paths: []string{writeFile(t, "x.npz", b)}}, 2); err == nil || !strings.Contains(err.Error(), "numpy.savez") {
			t.Errorf("%s: %v", about, err)
		}
	}
}

// An input holds numbers of its type only.
func TestWhatAnInputHolds(t *testing.T) {
	for holds, test := range map[string]struct {
		good, bad []float32
		says      string
	}{
		"int64":   {[]float32{-3, 7}, []float32{1, 2.5}, "value 1 of row 0 is 2.5, and the input x holds int64: whole numbers"},
		"uint8":   {[]float32{0, 255}, []float32{0, 256}, "0 to 255 are allowed"},
		"int8":    {[]float32{-128, 127}, []float32{-129, 0}, "-128 to 127 are allowed"},
		"bool":    {[]float32{0, 1}, []float32{0, 2}, "0 to 1 are allowed"},
		"float16": {[]float32{0.5, 65504}, []float32{0, 1e6}, "-65504 to 65504"},
		"float32": {[]float32{0.5, 1e30}, nil, ""},
	} {
		try := func(values []float32) error {
			in, err := Open(Options{Paths: []string{writeNPY(t, values)}})
			if err == nil {
				err = in.Fit([]transport.Input{{Name: "x", Shape: []int{2}, Type: holds}})
			}
			return err
		}
		if err := try(test.good); err != nil {
			t.Errorf("%s: %v", holds, err)
		}
		if err := try(test.bad); test.bad != nil && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v, want %q", holds, err, test.says)
		}
	}
}
