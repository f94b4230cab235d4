package input

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// writeNPY writes a row of numbers as numpy.save does.
func writeNPY(t *testing.T, row any) string {
	t.Helper()
	values := reflect.ValueOf(row)
	header := fmt.Sprintf("{'descr': '<%c%d', 'fortran_order': False, 'shape': (%d,), }", values.Type().Elem().Kind().String()[0], values.Type().Elem().Size(), values.Len())
	header += strings.Repeat(" ", 128-10-1-len(header)) + "\n"
	file, err := binary.Append([]byte("\x93NUMPY\x01\x00\x76\x00"+header), binary.LittleEndian, row)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "x.npy", file)
}

func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openInput(o Options, shape ...int) (*Inputs, error) {
	s, err := Open(o)
	if err != nil {
		return nil, err
	}
	return s, s.Fit([]transport.Input{{Name: "x", Shape: shape}})
}

func TestRandomVectorIsSeeded(t *testing.T) {
	read := func(seed uint64) []float32 {
		s, err := openInput(Options{Seed: seed}, 100)
		if err != nil {
			t.Fatal(err)
		}
		data, err := s.Next(7)
		if err != nil || len(data) != 100 {
			t.Fatalf("%d values, %v", len(data), err)
		}
		return data
	}
	a, b, c := read(1), read(1), read(2)
	if a[0] != b[0] || a[99] != b[99] || a[0] == c[0] {
		t.Errorf("seed 1 gives %v and %v, seed 2 %v", a[0], b[0], c[0])
	}
}

func TestRowsOfANumpyFile(t *testing.T) {
	c := Options{Paths: []string{"../../model/testdata/digits_images.npy"}}
	s, err := openInput(c, 64)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := s.Next(0)
	again, err := s.Next(360)
	if err != nil || len(first) != 64 || &first[0] != &again[0] {
		t.Errorf("after the last row the first is not read again: %v", err)
	}
	if _, err := openInput(c, 8, 8); err != nil {
		t.Errorf("rows of 64 for frames of [8 8]: %v", err)
	}
	if s, err := openInput(c, 8, 64); err != nil || s.Count() != 45 { // the network's batch is fixed to 8
		t.Errorf("rows of 64 for frames of 8 of them: %v", err)
	}
	if _, err := openInput(c, 7, 64); err == nil || !strings.Contains(err.Error(), "[frames 448]") {
		t.Errorf("360 rows for frames of 7: %v", err)
	}
	if _, err := openInput(c, 65); err == nil || !strings.Contains(err.Error(), "[frames 65]") {
		t.Errorf("rows of 64 for frames of 65: %v", err)
	}
}

func TestBrokenNumpyFiles(t *testing.T) {
	good, err := os.ReadFile("../../model/testdata/digits_images.npy")
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	for name, b := range map[string][]byte{
		"empty":          {},
		"no magic":       []byte("hello, this is no numpy file"),
		"cut in header":  good[:40],
		"cut in data":    good[:len(good)-1],
		"header only":    good[:128],
		"huge shape":     change("(360, 64)", "(9999999999999, 9999999)"),
		"negative shape": change("(360, 64)", "(-36, 64)"),
		"zero shape":     change("(360, 64)", "(000, 64)"),
		"other type":     change("<f4", "<f8"),
		"no type":        change("<f4", "???"),
		"no shape":       change("'shape'", "'sharp'"),
		"version 9":      append([]byte("\x93NUMPY\x09"), good[7:]...),
	} {
		path := writeFile(t, "broken.npy", b)
		for _, read := range []func() error{
			func() error { _, err := openInput(Options{Paths: []string{path}}, 64); return err },
			func() error { _, err := ReadLabels(path); return err },
		} {
			if err := read(); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: error %v does not name the file", name, err)
			}
		}
	}
}

// An array of any number of dimensions is rows that fit, or an error that names its shape, whatever its numbers are.
func TestShapesOfNumpyFiles(t *testing.T) {
	nan := float32(math.NaN())
	for _, test := range []struct {
		shape string
		data  []float32
		says  string // empty: they are rows of two
	}{
		{"", []float32{1}, "its shape is ()"},
		{"", []float32{nan}, "its shape is ()"},
		{"1,", []float32{1}, "its shape is [1]"},
		{"1,", []float32{nan}, "value 0 of row 0 is NaN"},
		{"3,", []float32{1, 2, nan}, "value 0 of row 2 is NaN"},
		{"0,", nil, "its shape is (0,)"},
		{"0, 2", nil, "its shape is (0, 2)"},
		{"2, 0", nil, "its shape is (2, 0)"},
		{"4294967296, 4294967296", nil, "its shape is (4294967296, 4294967296)"},
		{"65536, 65536", []float32{1, 2}, "its shape is (65536, 65536)"},
		{"2147483647, 2147483647, 2147483647", []float32{1, 2}, "its shape is (2147483647, "},
		{"1, 2", []float32{1, nan}, "value 1 of row 0 is NaN"},
		{"1, 2", []float32{1, 2}, ""},
		{"1, 1, 2, 1", []float32{1, 2}, ""},
	} {
		header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", test.shape)
		header += strings.Repeat(" ", 128-10-1-len(header)) + "\n"
		file, err := binary.Append([]byte("\x93NUMPY\x01\x00\x76\x00"+header), binary.LittleEndian, test.data)
		if err != nil {
			t.Fatal(err)
		}
		path := writeFile(t, "x.npy", file)
		labels := writeNPY(t, []int8{3})
		source, err := Open(Options{Paths: []string{path}})
		if err == nil {
			_, err = OpenLabels(Options{Labels: labels}, source)
		}
		if err == nil || strings.Contains(err.Error(), "labels") {
			_, err = openInput(Options{Paths: []string{path}}, 2)
		}
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path)) {
			t.Errorf("(%s) %v: %v, want one that says %q", test.shape, test.data, err, test.says)
		}
		integers := writeFile(t, "labels.npy", bytes.ReplaceAll(file, []byte("<f4"), []byte("<i4")))
		if _, err := ReadLabels(integers); strings.Contains(test.says, "()") && (err == nil || !strings.Contains(err.Error(), "its shape is ()")) {
			t.Errorf("as labels: %v", err)
		}
	}
}

func FuzzNumpyFile(f *testing.F) {
	good, err := os.ReadFile("../../model/testdata/digits_labels.npy")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:100])
	f.Add(bytes.ReplaceAll(good, []byte("|u1"), []byte("<f4")))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := writeFile(t, "fuzz.npy", b)
		if labels, err := ReadLabels(path); err == nil && len(labels) > len(b) {
			t.Errorf("%d labels of %d bytes", len(labels), len(b))
		}
		if data, shape, err := ReadFloats(path); err == nil && (len(data) != pipeline.Volume(shape) || 4*len(data) > len(b)) {
			t.Errorf("%d values, shape %v, %d bytes", len(data), shape, len(b))
		}
	})
}

func TestLabelsOfAnyWidth(t *testing.T) {
	for _, data := range []any{
		[]int8{3, 1}, []uint8{3, 1}, []int16{3, 1}, []uint16{3, 1}, []int32{3, 1}, []uint32{3, 1}, []int64{3, 1}, []uint64{3, 1},
	} {
		labels, err := ReadLabels(writeNPY(t, data))
		if err != nil || len(labels) != 2 || labels[0] != 3 || labels[1] != 1 {
			t.Errorf("%T: %v, %v", data, labels, err)
		}
	}
	for _, data := range []any{[]int64{1, -1}, []int64{1 << 40}, []uint64{1<<64 - 1}, []float32{1, 2}} {
		if labels, err := ReadLabels(writeNPY(t, data)); err == nil {
			t.Errorf("%v is read as %v", data, labels)
		}
	}
}

func TestRawStream(t *testing.T) {
	var in bytes.Buffer
	for i := range 6 {
		if err := binary.Write(&in, binary.LittleEndian, float32(i)); err != nil {
			t.Fatal(err)
		}
	}
	in.WriteByte(1) // the third frame is cut short
	s, err := openInput(Options{Paths: []string{"-"}, Stdin: &in}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{0, 3} {
		if data, err := s.Next(uint64(i)); err != nil || data[0] != want || len(data) != 3 {
			t.Errorf("frame %d: %v, %v", i, data, err)
		}
	}
	if _, err := s.Next(2); err == nil || !strings.Contains(err.Error(), "within frame 2, after 1 of 12 bytes") {
		t.Errorf("a frame cut short: %v", err)
	}
	whole, _ := openInput(Options{Paths: []string{"-"}, Stdin: strings.NewReader("")}, 3)
	if _, err := whole.Next(0); !errors.Is(err, io.EOF) {
		t.Errorf("the end: %v", err)
	}
}

func TestImagesAreScaledToTheModel(t *testing.T) {
	folder := t.TempDir()
	picture := image.NewRGBA(image.Rect(0, 0, 40, 20))
	for y := range 20 {
		for x := range 40 {
			picture.Set(x, y, color.RGBA{R: 255, G: 51, A: 255})
		}
	}
	encode := func(name string, write func(io.Writer) error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	encode("a.png", func(w io.Writer) error { return png.Encode(w, picture) })
	encode("b.JPG", func(w io.Writer) error { return jpeg.Encode(w, picture, nil) })
	encode("notes.txt", func(w io.Writer) error { _, err := w.Write([]byte("no image")); return err })

	near := func(a, b float32) bool { return math.Abs(float64(a-b)) < 0.02 }
	s, err := openInput(Options{Paths: []string{folder}}, 3, 4, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3) { // png, jpeg, png again
		d, err := s.Next(i)
		if err != nil {
			t.Fatal(err)
		}
		if len(d) != 60 || !near(d[0], 1) || !near(d[20], 0.2) || !near(d[59], 0) {
			t.Errorf("image %d: %d values, red %v, green %v, blue %v", i, len(d), d[0], d[20], d[59])
		}
	}
	for _, shape := range [][]int{{1, 4, 4}, {4, 4}, {16}} {
		s, err := openInput(Options{Paths: []string{folder}}, shape...)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := s.Next(0); err != nil || len(d) != 16 || !near(d[5], 0.299+0.587*0.2) {
			t.Errorf("shape %v: %v, %v", shape, d, err)
		}
	}
	for _, shape := range [][]int{{7}, {2, 4, 4}, {1, 1, 4, 4}} {
		if _, err := openInput(Options{Paths: []string{folder}}, shape...); err == nil {
			t.Errorf("images are taken for shape %v", shape)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "0.png"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ = openInput(Options{Paths: []string{folder}}, 3, 4, 5)
	if _, err := s.Next(0); err == nil || !strings.Contains(err.Error(), "0.png") {
		t.Errorf("a broken image: %v", err)
	}
	if _, err := Open(Options{Paths: []string{t.TempDir()}}); err == nil || !strings.Contains(err.Error(), "no .png") {
		t.Errorf("an empty folder: %v", err)
	}
}

// startFeed feeds what has been fitted.
func startFeed(labels []int, count uint64, sources ...Source) *Feed {
	f := &Feed{passed: newPassed(Options{}), wake: make(chan struct{}, 1)}
	for _, s := range sources {
		f.streams = append(f.streams, &stream{in: &Inputs{names: []string{""}, sources: []Source{s}, ordered: []Source{s}}, labels: labels})
	}
	f.Start(count)
	return f
}

func TestFeed(t *testing.T) {
	f := startFeed([]int{5}, 3, &rows{shape: []int{2, 1}, data: []float32{10, 20}, size: 1})
	defer f.Close()
	for i, want := range []float32{10, 20, 10} {
		item, err := f.Next(t.Context(), time.Now())
		if err != nil || item.Data[0] != want || item.Label != 5 {
			t.Errorf("frame %d: %+v, %v", i, item, err)
		}
	}
	if _, err := f.Next(t.Context(), time.Now()); !errors.Is(err, io.EOF) {
		t.Errorf("after the last frame: %v", err)
	}
	nan := startFeed(nil, 0, &rows{shape: []int{1, 1}, data: []float32{float32(math.NaN())}, size: 1})
	defer nan.Close()
	if _, err := nan.Next(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN is fed: %v", err)
	}
	// An interrupted client does not wait for a source that gives nothing.
	reader, writer := io.Pipe()
	defer writer.Close()
	stuck := &rawStream{in: reader}
	if err := stuck.Fit(transport.Input{Shape: []int{1}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := startFeed(nil, 0, stuck)
	defer waiting.Close()
	cancel()
	if _, err := waiting.Next(ctx, time.Now()); !errors.Is(err, io.EOF) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestOneLabelForEachFrame(t *testing.T) {
	input, err := openInput(Options{Paths: []string{"../../model/testdata/digits_images.npy"}}, 64)
	if err != nil {
		t.Fatal(err)
	}
	if labels, err := OpenLabels(Options{Labels: "../../model/testdata/digits_labels.npy"}, input); err != nil || len(labels) != 360 {
		t.Errorf("%d labels, %v", len(labels), err)
	}
	if _, err := OpenLabels(Options{Labels: writeNPY(t, []int64{1, 2})}, input); err == nil || !strings.Contains(err.Error(), "2 labels for 360 frames") {
		t.Errorf("error %v", err)
	}
}

// Each input of several has its file; they lie in a frame in the network's order, whatever that of the flags.
func TestSeveralInputs(t *testing.T) {
	wanted := []transport.Input{{Name: "ids", Shape: []int{3}, Type: "int64"}, {Name: "mask", Shape: []int{2}}}
	ids, mask := writeNPY(t, []int64{1, 16777216, 3}), writeNPY(t, []float32{0.5, 0.25})
	open := func(paths ...string) (*Inputs, error) {
		in, err := Open(Options{Paths: paths})
		if err != nil {
			return nil, err
		}
		return in, in.Fit(wanted)
	}
	in, err := open("mask="+mask, "ids="+ids)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := in.Next(5); err != nil || !slices.Equal(data, []float32{1, 16777216, 3, 0.5, 0.25}) || in.Count() != 1 {
		t.Errorf("%v, %v, %d frames", data, err, in.Count())
	}
	for says, paths := range map[string][]string{
		"of several, each names its input":       {"mask=" + mask, ids},
		`"ids" is given twice`:                   {"ids=" + ids, "ids=" + ids},
		"no such input: it takes ids, mask":      {"ids=" + ids, "masks=" + mask},
		"the network takes ids, mask: give each": {ids},
		"up to 16777216 are exact":               {"ids=" + writeNPY(t, []int64{1, 2, 16777217}), "mask=" + mask},
		"the input ids holds int64: whole":       {"ids=" + writeNPY(t, []float64{1, 2.5, 3}), "mask=" + mask},
		`"ids" has 2 frames, and another`:        {"ids=" + writeNPY(t, []int64{1, 2}), "mask=" + writeNPY(t, []float32{1, 2, 3})},
	} {
		if strings.Contains(says, "frames") {
			wanted[0].Shape, wanted[1].Shape = []int{1}, []int{1}
		} else {
			wanted[0].Shape, wanted[1].Shape = []int{3}, []int{2}
		}
		if _, err := open(paths...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: error %v, want one that says %q", paths, err, says)
		}
	}
	wanted[0].Shape, wanted[1].Shape = []int{3}, []int{2}
	// Raw values are whole frames, and without --input each has a vector that fits its type.
	raw, err := Open(Options{Paths: []string{"-"}, Stdin: bytes.NewReader(make([]byte, 4*5))})
	if err == nil {
		err = raw.Fit([]transport.Input{{Name: "ids", Shape: []int{3}}, {Name: "mask", Shape: []int{2}}})
	}
	if data, next := raw.Next(0); errors.Join(err, next) != nil || len(data) != 5 {
		t.Errorf("raw: %v, %v, %v", data, err, next)
	}
	random, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if data, err := random.Next(0); err != nil || len(data) != 5 || data[0] != 0 && data[0] != 1 {
		t.Errorf("random: %v, %v", data, err)
	}
}
