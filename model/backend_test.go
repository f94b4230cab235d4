package model

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// The ONNX project's own tests of its operators are the oracle here: each case
// is a network, inputs, and what a backend has to give for them.
//
//	apt-get install libonnx-testdata
//	go test ./model -run Backend -update     # writes what does not pass, and why

const (
	backendCases  = "/usr/share/libonnx-testdata/data"
	backendGolden = "testdata/backend.txt"
)

var update = flag.Bool("update", false, "write the golden files anew")

// errWrong is in the chain of what is said of a case whose numbers are wrong:
// one that may not be listed.
var errWrong = errors.New("wrong")

func TestBackendSuite(t *testing.T) {
	paths, _ := filepath.Glob(filepath.Join(backendCases, "*", "*", "model.onnx"))
	if len(paths) == 0 {
		t.Skip("the ONNX project's cases are missing: apt-get install libonnx-testdata")
	}
	listed := readGolden(t)
	var golden strings.Builder
	passed, refused := 0, 0
	for _, path := range paths {
		folder := filepath.Dir(path)
		name := filepath.Base(filepath.Dir(folder)) + "/" + strings.TrimPrefix(filepath.Base(folder), "test_")
		err := backendCase(folder)
		reason, isListed := listed[name]
		delete(listed, name)
		switch {
		case errors.Is(err, errWrong):
			t.Errorf("%s: %v", name, err)
		case err == nil:
			if passed++; isListed && !*update {
				t.Errorf("%s passes and is listed (%s): take it out with -update", name, reason)
			}
		default:
			refused++
			fmt.Fprintf(&golden, "%s: %s\n", name, reasonOf(err))
			if !isListed && !*update {
				t.Errorf("%s does not pass: %v", name, err)
			}
		}
	}
	for name := range listed {
		if !*update {
			t.Errorf("%s is listed, and there is no such case", name)
		}
	}
	if *update {
		if err := os.WriteFile(backendGolden, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("of %d cases %d pass and %d are refused", len(paths), passed, refused)
}

// readGolden gives the cases that do not pass, with their reasons.
func readGolden(t *testing.T) map[string]string {
	b, err := os.ReadFile(backendGolden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
		listed[name] = reason
	}
	return listed
}

// reasonOf is an error in a few words.
func reasonOf(err error) string {
	s := strings.Join(strings.Fields(err.Error()), " ")
	if _, after, opened := strings.Cut(s, "model.onnx: "); opened {
		s = after
	}
	if r := []rune(s); len(r) > 160 {
		s = string(r[:160]) + "…"
	}
	return s
}

// backendCase computes a case as a whole and compares what it gives.
func backendCase(folder string) error {
	n, err := Open(filepath.Join(folder, "model.onnx"))
	if err != nil {
		return err
	}
	defer n.Close()
	sets, _ := filepath.Glob(filepath.Join(folder, "test_data_set_*"))
	for _, set := range sets {
		inputs, err := backendTensors(set, "input")
		if err != nil {
			return err
		}
		want, err := backendTensors(set, "output")
		if err != nil {
			return err
		}
		got, err := backendRun(n, inputs)
		if err != nil {
			return err
		}
		for i, w := range want {
			w.retype(n.Entering(n.Len())[i].Type)
			if err := w.agrees(got[i]); err != nil {
				return fmt.Errorf("output %d: %w", i, err)
			}
		}
	}
	return nil
}

// backendRun gives the outputs of a network. It is the one place that knows how
// inputs and outputs are handed over.
func backendRun(n *Network, inputs []backendTensor) ([]backendTensor, error) {
	e := NewExecutor(n, Options{})
	defer e.Close()
	if err := e.Load(0, n.Len()); err != nil {
		return nil, err
	}
	var x []float32
	for i, t := range n.Entering(0) {
		if i < len(inputs) {
			inputs[i].retype(t.Type)
		}
	}
	for _, in := range inputs {
		x = append(x, in.numbers...)
	}
	y, err := runOne(e, x, 0, n.Len())
	if err != nil {
		return nil, err
	}
	var outputs []backendTensor
	for _, shape := range n.Shapes(n.Len()) {
		size := op.Volume(shape)
		outputs, y = append(outputs, backendTensor{shape: shape, numbers: y[:size]}), y[size:]
	}
	return outputs, nil
}

// backendTensor is the numbers of an input or output.
type backendTensor struct {
	holds   onnx.DataType
	shape   []int
	numbers []float32
}

// backendTensors reads the files KIND_0.pb, KIND_1.pb and so on of a folder.
func backendTensors(folder, kind string) (all []backendTensor, err error) {
	for i := 0; ; i++ {
		b, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%s_%d.pb", kind, i)))
		if errors.Is(err, os.ErrNotExist) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		// Each is a message of its own, which the reader of files knows as an
		// initializer.
		file := bytesOf{}.msg(7, bytesOf{}.msg(5, b)).msg(8, bytesOf{}.int(2, 13))
		m, err := onnx.Parse(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return nil, fmt.Errorf("%s %d is no tensor: %w", kind, i, err)
		}
		t := &m.Graph.Initializers[0]
		x := backendTensor{holds: t.Type, numbers: make([]float32, t.Len())}
		for _, d := range t.Dims {
			x.shape = append(x.shape, int(d))
		}
		if err := t.Floats(x.numbers, 0); err != nil {
			return nil, fmt.Errorf("%s %d: %w", kind, i, err)
		}
		all = append(all, x)
	}
}

// retype makes numbers of what is said to be uint16 and is bfloat16, a type that
// numpy does not have.
func (x *backendTensor) retype(holds string) {
	if holds != "bfloat16" || x.holds != onnx.Uint16 {
		return
	}
	x.holds = onnx.BFloat16
	for i, bits := range x.numbers {
		x.numbers[i] = math.Float32frombits(uint32(bits) << 16)
	}
}

// agrees compares what was computed with what is wanted, in the precision that
// the wanted type has.
func (want backendTensor) agrees(got backendTensor) error {
	if len(got.numbers) != len(want.numbers) || !slices.Equal(bare(got.shape), bare(want.shape)) {
		return fmt.Errorf("%w: the shape is %v, want %v", errWrong, got.shape, want.shape)
	}
	largest := 0.0
	for _, v := range want.numbers {
		if v := math.Abs(float64(v)); v <= math.MaxFloat32 { // neither infinite nor not a number
			largest = max(largest, v)
		}
	}
	within := 1e-4 * largest
	switch {
	case want.holds.Integer():
		within = 0
	case want.holds == onnx.Float16:
		within = largest / (1 << 10)
	case want.holds == onnx.BFloat16:
		within = largest / (1 << 7)
	}
	for i, w := range want.numbers {
		g := got.numbers[i]
		if g != w && !(math.Abs(float64(g)-float64(w)) <= within) && (g == g || w == w) {
			return fmt.Errorf("%w: element %d is %v, want %v", errWrong, i, g, w)
		}
	}
	return nil
}

// bare is a shape without its dimensions of 1 in front: whether there is a batch
// dimension makes no difference.
func bare(shape []int) []int {
	for len(shape) > 0 && shape[0] == 1 {
		shape = shape[1:]
	}
	return shape
}
