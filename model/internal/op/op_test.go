package op

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

// attr is the attributes of a node; "opset" is the version of the operators, 13
// where it is missing, "outputs" how many the node has, otherwise 1, and
// "integers" which of its tensors hold int64.
type attr map[string]any

// node makes a node of an operator: an input is a tensor (an activation), a
// *Constant, or nil where it is left out.
func node(name string, a attr, inputs ...any) *Node {
	budget := Budget(1 << 30)
	n := &Node{Node: &onnx.Node{Op: name, Outputs: []string{"y"}}, Opset: 13, Budget: &budget}
	for key, value := range a {
		of := onnx.Attribute{Name: key}
		switch v := value.(type) {
		case int:
			of.Type, of.Int = onnx.AttributeInt, int64(v)
		case float64:
			of.Type, of.Float = onnx.AttributeFloat, float32(v)
		case string:
			of.Type, of.String = onnx.AttributeString, v
		case []int64:
			of.Type, of.Ints = onnx.AttributeInts, v
		case []string:
			of.Type, of.Strings = onnx.AttributeStrings, v
		case []float32:
			of.Type, of.Floats = onnx.AttributeFloats, v
		case *onnx.Tensor:
			of.Type, of.Tensor = onnx.AttributeTensor, v
		}
		switch key {
		case "opset":
			n.Opset = of.Int
		case "outputs":
			for i := range of.Int - 1 {
				n.Outputs = append(n.Outputs, fmt.Sprint("y", i+1))
			}
		case "integers":
		default:
			n.Attributes = append(n.Attributes, of)
		}
	}
	for i, in := range inputs {
		input, name := Input{}, fmt.Sprint("x", i)
		switch v := in.(type) {
		case *tensor.Dense:
			input.Shape, input.Type = v.Shape(), onnx.Float32
		case *Constant:
			input.Constant = v
		default:
			name = ""
		}
		n.In, n.Inputs = append(n.In, input), append(n.Inputs, name)
	}
	if list, ok := a["integers"].([]int64); ok {
		for _, i := range list {
			n.In[i].Type = onnx.Int64
		}
	}
	return n
}

// read reads a node by its operator.
func read(n *Node) error {
	for _, in := range n.In {
		if in.Shape != nil {
			return n.Settle(true)
		}
	}
	return n.Settle(false)
}

// compute gives the last output of a node whose inputs are tensors and
// constants, and checks what its operation promises.
func compute(t testing.TB, name string, a attr, inputs ...any) *tensor.Dense {
	t.Helper()
	ys := outputs(t, name, a, inputs...)
	return ys[len(ys)-1]
}

// outputs is compute for all outputs.
func outputs(t testing.TB, name string, a attr, inputs ...any) (ys []*tensor.Dense) {
	t.Helper()
	n := node(name, a, inputs...)
	if err := read(n); err != nil {
		t.Fatalf("%s %v: %v", name, a, err)
	}
	for k := 0; k < len(n.Results); k++ {
		r := n.Results[k]
		if r.Constant != nil {
			y, err := r.Constant.tensor()
			if err != nil {
				t.Fatal(err)
			}
			ys = append(ys, y)
			continue
		}
		var xs []*tensor.Dense
		for _, i := range r.From {
			xs = append(xs, inputs[i].(*tensor.Dense))
		}
		if r.Operation == nil {
			ys = append(ys, xs[0])
			continue
		}
		shapes := [][]int{r.Shape}
		for k+1 < len(n.Results) && n.Results[k+1].Also {
			k++
			shapes = append(shapes, n.Results[k].Shape)
		}
		ys = append(ys, applyAll(t, r.Operation, shapes, xs...)...)
	}
	return ys
}

// apply is applyAll for an operation that gives one result.
func apply(t testing.TB, o Operation, shape []int, xs ...*tensor.Dense) *tensor.Dense {
	t.Helper()
	return applyAll(t, o, [][]int{shape}, xs...)[0]
}

// applyAll loads an operation and computes it, in every way that it offers.
func applyAll(t testing.TB, o Operation, shapes [][]int, xs ...*tensor.Dense) []*tensor.Dense {
	t.Helper()
	shape := shapes[0]
	if c, is := o.(*convOp); is && c.samples > 1 {
		one, whole := *c, dense(shape)
		one.samples = 1
		for i := range c.samples {
			part := func(t *tensor.Dense) *tensor.Dense {
				dims := append([]int{1}, t.Shape()[1:]...)
				return over(t.Float32s()[i*Volume(dims):][:Volume(dims)], dims)
			}
			copy(part(whole).Float32s(), apply(t, &one, part(whole).Shape(), part(xs[0])).Float32s())
		}
		return []*tensor.Dense{whole}
	}
	var more []*tensor.Dense
	for _, s := range shapes[1:] {
		more = append(more, dense(s))
	}
	k, err := o.Load()
	if err != nil {
		t.Fatal(err)
	}
	scratch := func(threads int) []float32 {
		if s, ok := k.(Shared); ok {
			memory := make([]float32, s.Scratch(threads))
			fill(memory, float32(math.NaN())) // what is in it does not matter
			return memory
		}
		return nil
	}
	with := With{Clamp: f32.Linear, Scratch: scratch(1), More: more}
	run := func(how string, y *tensor.Dense, xs []*tensor.Dense, with With) *tensor.Dense {
		t.Helper()
		if err := k.Apply(y, xs, with); err != nil {
			t.Fatalf("%v, %s: %v", o, how, err)
		}
		return y
	}
	y := run("plainly", dense(shape), xs, with)
	ys := []*tensor.Dense{y}
	for _, z := range more {
		ys = append(ys, z.Clone().(*tensor.Dense)) // what follows computes them anew
	}
	if a := testing.AllocsPerRun(3, func() { k.Apply(y, xs, with) }); a != 0 {
		t.Errorf("%v: %v allocations, want none", o, a)
	}
	if _, ok := o.(InPlace); ok {
		for i, x := range xs {
			if x.Size() == y.Size() {
				own := slices.Clone(xs)
				own[i] = x.Clone().(*tensor.Dense)
				alike(t, fmt.Sprint(o, ", in place"), run("in place", over(own[i].Float32s(), shape), own, with), y.Float32s(), 0)
			}
		}
	}
	if _, ok := o.(Bounded); ok {
		c := f32.Clamp{Min: -0.5, Max: 0.75}
		bounded := y.Clone().(*tensor.Dense)
		bound(bounded.Float32s(), bounded.Float32s(), c)
		alike(t, fmt.Sprint(o, ", bounded"), run("bounded", dense(shape), xs, With{Clamp: c, Scratch: with.Scratch, More: more}), bounded.Float32s(), 0)
	}
	if f, ok := o.(Finishing); ok {
		finishes(t, f, k, y, xs, with, scratch)
	}
	if v, ok := o.(View); ok {
		if ap, at, can := v.View(xs[0].Info()); can {
			alike(t, fmt.Sprint(o, ", a view"), plain(t, seen(xs[0].Float32s()[at:], ap)), y.Float32s(), 0)
			if !slices.Equal(ap.Shape(), y.Shape()) {
				t.Errorf("%v, a view: shape %v, want %v", o, ap.Shape(), y.Shape())
			}
		}
	}
	if _, ok := o.(Strided); ok {
		for i, x := range xs {
			own := slices.Clone(xs)
			own[i] = spread(x)
			alike(t, fmt.Sprint(o, ", elements apart"), run("elements apart", dense(shape), own, with), y.Float32s(), 1e-6)
		}
	}
	if j, ok := o.(Joins); ok {
		var shapes [][]int
		for _, x := range xs {
			shapes = append(shapes, x.Shape())
		}
		if at, can := j.Offsets(shapes); can {
			for i, x := range xs {
				alike(t, fmt.Sprint(o, ", joined"), x, y.Float32s()[at[i]:][:x.Size()], 0)
			}
		}
	}
	if _, ok := k.(Shared); ok {
		team := threads(t, 2)
		alike(t, fmt.Sprint(o, ", on two threads"), run("on two threads", dense(shape), xs, With{Clamp: f32.Linear, Team: team, Scratch: scratch(2), More: more}), y.Float32s(), 1e-4)
	}
	if j, ok := k.(Joint); ok {
		ys := []*tensor.Dense{dense(shape), dense(shape), dense(shape)}
		if err := j.ApplyAll(ys, []*tensor.Dense{xs[0], xs[0], xs[0]}, with); err != nil {
			t.Fatal(err)
		}
		for _, z := range ys {
			alike(t, fmt.Sprint(o, ", several frames"), z, y.Float32s(), 1e-4)
		}
	}
	for i, z := range more {
		alike(t, fmt.Sprint(o, ", the result ", i+1, " again"), z, ys[i+1].Float32s(), 1e-4)
	}
	return ys
}

// spread has the elements of x, every third in memory, and each dimension
// inside the one that follows it.
func spread(x *tensor.Dense) *tensor.Dense {
	strides, step := make([]int, x.Dims()), 3
	for i, d := range x.Shape() {
		strides[i] = step
		step *= d
	}
	y := seen(make([]float32, step), pattern(x.Shape(), strides))
	var w walk
	from := rowMajor(x.Shape())
	for i, d := range x.Shape() {
		w.add(d, moves{strides[i], from.Strides()[i]})
	}
	rearrange(y.Float32s(), x.Float32s(), w)
	return y
}

// plain has the elements of x in row-major order.
func plain(t testing.TB, x *tensor.Dense) *tensor.Dense {
	y := dense(x.Shape())
	if err := (Copy{}).Apply(y, []*tensor.Dense{x}, With{}); err != nil {
		t.Fatal(err)
	}
	return y
}

// seen is a tensor whose elements lie in memory as ap says.
func seen(memory []float32, ap *tensor.AP) *tensor.Dense {
	y := over(memory, dims(len(memory)))
	y.AP = *ap
	return y
}

// threads makes a team of so many threads on any machine.
func threads(t testing.TB, n int) *f32.Team {
	before := runtime.GOMAXPROCS(max(n, runtime.GOMAXPROCS(0)))
	team := f32.NewTeam(n)
	t.Cleanup(func() {
		team.Close()
		runtime.GOMAXPROCS(before)
	})
	return team
}

func dense(shape []int) *tensor.Dense { return over(make([]float32, Volume(shape)), shape) }

// of is a tensor of these elements, by shape.
func of(shape []int, v ...float32) *tensor.Dense { return over(slices.Clone(v), shape) }

// dims spells a shape.
func dims(d ...int) []int { return d }

// reals is a constant that is known, and weights one in the file.
func reals(shape []int, v ...float32) *Constant {
	return &Constant{Type: onnx.Float32, Dims: wide(shape), reals: v}
}

func weights(shape []int, v ...float32) *Constant {
	return &Constant{Type: onnx.Float32, Dims: wide(shape), file: onnx.FloatTensor(v, wide(shape)...)}
}

func integers(v ...int64) *Constant {
	return &Constant{Type: onnx.Int64, Dims: []int64{int64(len(v))}, ints: v}
}

// random is a tensor of numbers in ±2.
func random(r *rand.Rand, shape ...int) *tensor.Dense {
	x := dense(shape)
	for i := range x.Float32s() {
		x.Float32s()[i] = r.Float32()*4 - 2
	}
	return x
}

// alike compares the elements of y with those that are wanted.
func alike(t testing.TB, about string, y *tensor.Dense, want []float32, within float64) {
	t.Helper()
	got := y.Float32s()
	if len(got) != len(want) {
		t.Fatalf("%s: got %v, want %v", about, got, want)
	}
	for i, v := range got {
		d := math.Abs(float64(v) - float64(want[i]))
		if v != want[i] && !(d <= within*max(1, math.Abs(float64(want[i])))) && (v == v || want[i] == want[i]) {
			t.Fatalf("%s: element %d is %v, want %v", about, i, v, want[i])
		}
	}
}
