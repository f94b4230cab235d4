package op

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/model/internal/onnx"
)

// Layers whose weights are bytes give what those with the same weights as float32
// give, and take a fourth of their memory.
func TestNarrowWeights(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		in, out, groups := 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(2)
		shape := dims(groups*out, in, 3, 2)
		byType := []onnx.DataType{onnx.Int8, onnx.Uint8}[r.IntN(2)]
		drawn := func(shape []int, count int) (c, known *Constant) {
			whole := &Constant{Type: byType, Dims: wide(shape)}
			for range Volume(shape) {
				whole.ints = append(whole.ints, byType.Wrap(int64(r.IntN(256))))
			}
			scale, zero := random(r, count), &Constant{Type: byType, Dims: wide(dims(count))}
			for range count {
				zero.ints = append(zero.ints, byType.Wrap(int64(r.IntN(100))))
			}
			axis := attr{"axis": 0}
			if shape[0] != count {
				axis = attr{"axis": 1}
			}
			n := node("DequantizeLinear", axis, whole, weights(dims(count), scale.Float32s()...), zero)
			if err := read(n); err != nil {
				t.Fatal(err)
			}
			c = n.Results[0].Constant
			f, err := c.floats()
			if err != nil {
				t.Fatal(err)
			}
			return c, reals(shape, f...)
		}
		same := func(name string, a attr, x any, c, known *Constant, more ...any) {
			t.Helper()
			want := compute(t, name, a, append([]any{x, known}, more...)...)
			top := float32(1) // of sums, most of whose numbers cancel out
			for _, v := range want.Float32s() {
				top = max(top, v, -v)
			}
			alike(t, name, compute(t, name, a, append([]any{x, c}, more...)...), want.Float32s(), 1e-6*float64(top))
			n := node(name, a, append([]any{x, c}, more...)...)
			if err := read(n); err != nil {
				t.Fatal(err)
			}
			if got, most := n.Results[0].Operation.Bytes(), c.volume()+4*int64(groups*out); got > most && c.quantised != nil && in > 1 {
				t.Errorf("%s takes %d bytes for %d weights", name, got, c.volume())
			}
		}
		c, known := drawn(shape, groups*out)
		same("Conv", attr{"group": groups, "pads": []int64{1, 0, 1, 1}}, random(r, 1, groups*in, 5, 6), c, known, weights(dims(groups*out), random(r, groups*out).Float32s()...))
		c, known = drawn(dims(out, in), out)
		same("Gemm", attr{"transB": 1, "alpha": 0.5}, random(r, 1, in), c, known, weights(dims(out), random(r, out).Float32s()...))
		c, known = drawn(dims(in, out), out)
		same("MatMul", nil, random(r, 1, 3, in), c, known)
	})
}

// The bytes stay in the file until they are wanted.
func TestNarrowWeightsStayInTheFile(t *testing.T) {
	file := onnx.FloatTensor([]float32{-1, 2, 3, 4}, 2, 2)
	whole := &Constant{Type: onnx.Int8, Dims: []int64{2, 2}, file: file}
	n := node("DequantizeLinear", nil, whole, reals(nil, 0.5))
	if err := read(n); err != nil {
		t.Fatal(err)
	}
	c := n.Results[0].Constant
	if c.quantised == nil || c.quantised.file == nil || c.reals != nil || c.Type != onnx.Float32 {
		t.Fatalf("got %+v", c)
	}
	if f, err := c.floats(); err != nil || !slices.Equal(f, []float32{-0.5, 1, 1.5, 2}) {
		t.Errorf("got %v, %v", f, err)
	}
}
