package op

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// quantizeLinear gives integers: x / scale + zero point, rounded to even and
// kept in the range of the type. Scale and zero point are one number each, one
// for each place of an axis, or one for each block of an axis.
//
// https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
func quantizeLinear(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	to := onnx.DataType(n.Int("output_dtype", 0))
	switch {
	case n.has(2):
		to = n.holds(2)
	case to == 0:
		to = onnx.Uint8
	}
	if !to.Integer() {
		return fmt.Errorf("to %v: %w: integers are", to, ErrUnsupported)
	}
	g, shape, err := n.scales()
	if err != nil {
		return err
	}
	return n.typed(to, n.combine(quantizeOp{scales: g, to: to}, shape, 0, 1, 2))
}

// dequantizeLinear gives numbers for integers: (x - zero point) scale.
//
// https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
func dequantizeLinear(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	g, shape, err := n.scales()
	if err != nil {
		return err
	}
	return n.typed(n.holds(1), n.combine(dequantizeOp{scales: g}, shape, 0, 1, 2))
}

// scales is which scale an element has: number at / inner % count, after place
// along the axis was divided by the size of a block.
type scales struct {
	size, inner, block int // of the axis: its size, the elements behind it, those of a block
	count              int // of scales along the axis
	blocks             bool
}

func (n *Node) scales() (g scales, shape []int, err error) {
	if shape, err = n.dims(0); err != nil {
		return g, nil, err
	}
	by, err := n.dims(1)
	if err != nil {
		return g, nil, err
	}
	if zero, err := n.dims(2); n.has(2) && (err != nil || Volume(zero) != Volume(by)) {
		return g, nil, fmt.Errorf("%w: scales of shape %v and zero points of shape %v", ErrMalformed, by, zero)
	}
	g = scales{size: 1, inner: 1, block: 1, count: 1}
	if Volume(by) == 1 {
		return g, shape, nil
	}
	a, err := axis(n.Int("axis", 1), len(shape))
	if err != nil {
		return g, nil, err
	}
	g.size, g.inner, g.count = shape[a], Volume(shape[a+1:]), shape[a]
	switch block := int(n.Int("block_size", 0)); {
	case len(by) == 1 && by[0] == shape[a]:
	case len(by) == len(shape) && block > 0 && by[a] == (shape[a]+block-1)/block && joinable(by, shape, a):
		g.block, g.count, g.blocks = block, by[a], true
	default:
		return g, nil, fmt.Errorf("%w: scales of shape %v for shape %v along axis %d", ErrMalformed, by, shape, a)
	}
	return g, shape, nil
}

// of is the number of the scale of element i.
func (g scales) of(i int) int {
	along := i / g.inner % g.size / g.block
	if g.blocks {
		return (i/(g.inner*g.size)*g.count+along)*g.inner + i%g.inner
	}
	return along
}

// run is how many elements from i on have the same scale.
func (g scales) run(i int) int {
	switch {
	case g.count == 1 && !g.blocks:
		return math.MaxInt
	case !g.blocks:
		return g.inner - i%g.inner
	case g.inner > 1:
		return 1
	}
	along := i % g.size
	return min(g.block-along%g.block, g.size-along)
}

type quantizeOp struct {
	weightless
	scales
	to onnx.DataType
}

func (l quantizeOp) Load() (Kernel, error) { return l, nil }
func (l quantizeOp) String() string        { return fmt.Sprint("quantize to ", l.to) }

func (l quantizeOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, by := y.Float32s(), xs[1].Float32s()
	least, most := l.to.Range()
	for i, x := 0, xs[0].Float32s(); i < len(x); {
		s, end := l.of(i), i+min(l.run(i), len(x)-i)
		for scale, zero := by[s], zeroPoint(xs[2], s); i < end; i++ {
			z[i] = rounded(float64(x[i]/scale), zero, least, most)
		}
	}
	return nil
}

// rounded is the integer of a range that a number becomes.
func rounded(v, zero, least, most float64) float32 {
	if v != v {
		v = 0
	}
	return float32(min(max(math.RoundToEven(v)+zero, least), most))
}

// zeroPoint is number i of the zero points, which may be left out.
func zeroPoint(t *tensor.Dense, i int) float64 {
	if t == nil {
		return 0
	}
	return float64(t.Float32s()[i])
}

type dequantizeOp struct {
	weightless
	scales
}

func (l dequantizeOp) Load() (Kernel, error) { return l, nil }
func (l dequantizeOp) String() string        { return "dequantize" }

func (l dequantizeOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, by := y.Float32s(), xs[1].Float32s()
	for i, x := 0, xs[0].Float32s(); i < len(x); {
		s, end := l.of(i), i+min(l.run(i), len(x)-i)
		for scale, zero := by[s], float32(zeroPoint(xs[2], s)); i < end; i++ {
			z[i] = (x[i] - zero) * scale
		}
	}
	return nil
}

// dynamicQuantizeLinear gives uint8 for the range that the numbers of a frame
// have, with its scale and zero point.
func dynamicQuantizeLinear(n *Node) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	if err := n.typed(onnx.Uint8, n.give(dynamicQuantizeOp{}, slices.Clone(shape), 0)); err != nil {
		return err
	}
	if err := n.also([]int{}, onnx.Float32); err != nil {
		return err
	}
	return n.also([]int{}, onnx.Uint8)
}

type dynamicQuantizeOp struct{ weightless }

func (l dynamicQuantizeOp) Load() (Kernel, error) { return l, nil }
func (l dynamicQuantizeOp) String() string        { return "quantize by its range" }

func (l dynamicQuantizeOp) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	least, most := float32(0), float32(0) // 0 is always in the range
	for _, v := range x {
		least, most = min(least, v), max(most, v)
	}
	scale := (most - least) / 255
	if scale == 0 {
		scale = 1
	}
	zero := rounded(float64(-least/scale), 0, 0, 255)
	for i, v := range x {
		z[i] = rounded(float64(v/scale), float64(zero), 0, 255)
	}
	with.More[0].Float32s()[0], with.More[1].Float32s()[0] = scale, zero
	return nil
}
