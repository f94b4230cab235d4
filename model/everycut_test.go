package model

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/model/internal/onnx"
)

// array is a .npy file of numbers.
type array struct {
	shape   []int
	numbers []float32
}

var npyHeader = regexp.MustCompile(`'descr': '[<|]([a-z][0-9])'.*'shape': \(([0-9, ]*)\)`)

func readArray(t testing.TB, path string) (a array) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := npyHeader.FindSubmatch(b)
	if header == nil {
		t.Fatalf("%s: not a .npy file of numbers", path)
	}
	for size := range strings.SplitSeq(string(header[2]), ",") {
		if d, err := strconv.Atoi(strings.TrimSpace(size)); err == nil {
			a.shape = append(a.shape, d)
		}
	}
	for b = b[10+int(binary.LittleEndian.Uint16(b[8:])):]; len(b) > 0; {
		switch string(header[1]) {
		case "f4":
			a.numbers, b = append(a.numbers, math.Float32frombits(binary.LittleEndian.Uint32(b))), b[4:]
		case "i8":
			a.numbers, b = append(a.numbers, float32(int64(binary.LittleEndian.Uint64(b)))), b[8:]
		case "b1", "u1":
			a.numbers, b = append(a.numbers, float32(b[0])), b[1:]
		default:
			t.Fatalf("%s: elements are %s", path, header[1])
		}
	}
	return a
}

// oracle is a network with an input and what another program computed of it.
type oracle struct {
	path            string
	inputs, outputs []string // .npy files
}

// single are the ends of the names of files beside a network with one input and
// one output.
var single = [][2]string{{".in.npy", ".out.npy"}, {"_in.npy", "_out.npy"}}

// oracles are the networks of the folders that TANDEM_MODELS names, of testdata
// and of ../shared/models: by the names of inputs and outputs (NAME_TENSOR.npy), or with
// one of each (NAME.in.npy and NAME.out.npy, or NAME_in.npy and NAME_out.npy).
func oracles(t *testing.T) (found []oracle) {
	met := map[string]bool{}
	for _, folder := range append(filepath.SplitList(os.Getenv("TANDEM_MODELS")), "testdata", "../../shared/models") {
		for _, sub := range []string{"", "small", "../cases/onnx"} {
			paths, _ := filepath.Glob(filepath.Join(folder, sub, "*.onnx"))
			for _, path := range paths {
				if real, err := filepath.EvalSymlinks(path); err == nil {
					real, _ = filepath.Abs(real)
					if met[real] {
						continue // two folders are one
					}
					met[real] = true
				}
				name := strings.TrimSuffix(path, ".onnx")
				if at := slices.IndexFunc(single, func(ends [2]string) bool { return exist(name+ends[0], name+ends[1]) }); at >= 0 {
					found = append(found, oracle{path, []string{name + single[at][0]}, []string{name + single[at][1]}})
					continue
				}
				m, err := describe(path)
				if err != nil {
					t.Logf("%s: %v", path, err)
					continue
				}
				var o = oracle{path: path}
				have := true
				for _, side := range []struct {
					names []string
					files *[]string
				}{{m[0], &o.inputs}, {m[1], &o.outputs}} {
					for _, tensor := range side.names {
						file := name + "_" + tensor + ".npy"
						if _, err := os.Stat(file); err != nil {
							have = false
						}
						*side.files = append(*side.files, file)
					}
				}
				if have {
					found = append(found, o)
				}
			}
		}
	}
	if len(found) == 0 {
		t.Skip("no networks: TANDEM_MODELS is the folder of NAME.onnx and NAME_TENSOR.npy for each input and output")
	}
	return found
}

func exist(paths ...string) bool {
	return !slices.ContainsFunc(paths, func(path string) bool { _, err := os.Stat(path); return err != nil })
}

// describe gives the names of a file's inputs and outputs.
func describe(path string) ([2][]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return [2][]string{}, err
	}
	return namesIn(bytes.NewReader(b), int64(len(b)))
}

// Every network, cut at every boundary, with one frame and with two, gives what
// PyTorch or onnxruntime gives.
func TestEveryCut(t *testing.T) {
	for _, o := range oracles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(o.path), ".onnx"), func(t *testing.T) {
			var s Settings
			var x, want []float32
			var sizes []int // of the outputs
			for i, path := range o.inputs {
				in := readArray(t, path)
				x = append(x, in.numbers...)
				if names, err := describe(o.path); err == nil && i < len(names[0]) && len(in.shape) > 0 {
					s.Shapes = append(s.Shapes, Shape{names[0][i], in.shape})
				}
			}
			for _, path := range o.outputs {
				out := readArray(t, path).numbers
				want, sizes = append(want, out...), append(sizes, len(out))
			}
			n, err := OpenWith(o.path, s)
			if strings.Contains(o.path, "dropout_training") { // its numbers are random
				if !errors.Is(err, ErrUnsupported) {
					t.Fatalf("got %v, want %v", err, ErrUnsupported)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			if n.Size(0) != len(x) || n.Size(n.Len()) != len(want) {
				t.Fatalf("%v to %v: %d to %d numbers are given", n.Shapes(0), n.Shapes(n.Len()), len(x), len(want))
			}
			frames, wants := [][]float32{x}, [][]float32{want}
			if !testing.Short() || !large(n) {
				other := anotherFrame(n, x)
				frames, wants = append(frames, other), append(wants, whole(t, n, other))
			}
			everyCut(t, n, frames, wants, sizes, 1e-4)
		})
	}
}

// anotherFrame is not the first one. Places in a table stay as they are.
func anotherFrame(n *Network, x []float32) []float32 {
	other := slices.Clone(x)
	if n.Entering(0)[0].Type == "float32" {
		for i, v := range x {
			other[i] = v/2 + 0.25
		}
	}
	return other
}

// whole is what the network gives that is cut nowhere.
func whole(t *testing.T, n *Network, x []float32) []float32 {
	t.Helper()
	e := NewExecutor(n, Options{})
	defer e.Close()
	if err := e.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	y, err := runOne(e, x, 0, n.Len())
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(y)
}

// The networks of digits have many images for one file: the first two, at every
// cut. In the quantised one a rounding may fall the other way.
func TestDigitsAtEveryCut(t *testing.T) {
	for _, folder := range append(filepath.SplitList(os.Getenv("TANDEM_MODELS")), "testdata", "../../shared/models") {
		for name, within := range map[string]float64{"mlp_logits": 1e-4, "cnn_probabilities": 1e-4, "qdq_logits": 0.02} {
			wants := filepath.Join(folder, "digits_"+name+".npy")
			if _, err := os.Stat(wants); err != nil {
				continue
			}
			name, _, _ = strings.Cut(name, "_")
			t.Run(name, func(t *testing.T) {
				n, err := Open(filepath.Join(folder, "digits_"+name+".onnx"))
				if err != nil {
					t.Fatal(err)
				}
				defer n.Close()
				images, want := npy(t, filepath.Join(folder, "digits_images.npy")), npy(t, wants)
				everyCut(t, n, [][]float32{images[:64], images[64:128]}, [][]float32{want[:10], want[10:20]}, []int{10}, within)
			})
		}
	}
}

// everyCut runs one frame, and two together, on two nodes at every cut:
//
//	head, which holds [0, cut) ──the activation, in memory of its own──▶ tail, which holds [cut, Len())
//
// In short tests, which run under qemu, there are fewer cuts, and a large network
// is cut in the middle. Each output tensor, of so many numbers, is to be as exact
// as its largest number.
func everyCut(t *testing.T, n *Network, frames, wants [][]float32, sizes []int, within float64) {
	t.Helper()
	first, step := 0, 1
	switch {
	case testing.Short() && large(n):
		first, step = n.Len()/2, n.Len()
	case testing.Short():
		step = max(1, n.Len()/8)
	}
	for count := range len(frames) {
		count++
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			head, tail := newNode(n, Options{Batch: 2}), newNode(n, Options{Batch: 2})
			defer head.Close()
			defer tail.Close()
			for cut := first; cut < n.Len(); cut += step {
				tail.Drop(0, cut)
				y := tail.run(t, head.run(t, frames[:count], 0, cut), cut, n.Len())
				for f := range y {
					about, at := fmt.Sprintf("cut at %d with %q, frame %d of %d", cut, n.Tensors(cut), f, count), 0
					for _, size := range sizes {
						w := wants[f][at:][:size]
						agreeQuietly(t, about, y[f][at:][:size], w, within*max(largest(w), 1e-30))
						at += size
					}
				}
			}
		})
	}
	t.Logf("%d cuts, every %d.", n.Len(), step)
}

// large says whether a network takes seconds under qemu.
func large(n *Network) bool { return n.Work(0, n.Len()) > 1e8 }

func agreeQuietly(t *testing.T, about string, y, want []float32, within float64) {
	t.Helper()
	for i := range y {
		if d := math.Abs(float64(y[i]) - float64(want[i])); !(d <= within) {
			t.Fatalf("%s: output %d is %v, want %v within %g", about, i, y[i], want[i], within)
		}
	}
}

// namesIn reads the names from a file.
func namesIn(r *bytes.Reader, size int64) (names [2][]string, err error) {
	m, err := onnx.Parse(r, size)
	if err != nil {
		return names, err
	}
	held := map[string]bool{}
	for _, t := range m.Graph.Initializers {
		held[t.Name] = true
	}
	for _, v := range m.Graph.Inputs {
		if !held[v.Name] {
			names[0] = append(names[0], v.Name)
		}
	}
	for _, v := range m.Graph.Outputs {
		names[1] = append(names[1], v.Name)
	}
	return names, nil
}
