package op

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// gridSample takes elements at the places that a grid names, whose coordinates
// are -1 to 1 from one end to the other: x of shape [n c h w], a grid of
// [n oh ow 2], y of [n c oh ow]; or with three dimensions.
//
// https://onnx.ai/onnx/operators/onnx__GridSample.html
func gridSample(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	x, err := n.dims(0)
	if err != nil {
		return err
	}
	grid, err := n.dims(1)
	if err != nil {
		return err
	}
	rank := len(x) - 2
	if rank < 1 || rank > 3 || len(grid) != len(x) || grid[0] != x[0] || grid[len(grid)-1] != rank {
		return fmt.Errorf("%w: a grid of shape %v for shape %v", ErrMalformed, grid, x)
	}
	g := gridSampleOp{rank: rank, corners: n.Int("align_corners", 0) != 0, beyond: n.word("padding_mode", "zeros")}
	switch mode := n.word("mode", "linear"); mode {
	case "linear", "bilinear":
		g.taps = 2
	case "nearest":
		g.taps = 1
	case "cubic", "bicubic":
		g.taps = 4
	default:
		return fmt.Errorf("%w: mode %.20q", ErrMalformed, mode)
	}
	if !slices.Contains([]string{"zeros", "border", "reflection"}, g.beyond) {
		return fmt.Errorf("%w: padding_mode %.20q", ErrMalformed, g.beyond)
	}
	return n.combine(g, slices.Concat(x[:2], grid[1:len(grid)-1]), 0, 1)
}

type gridSampleOp struct {
	weightless
	rank, taps int
	corners    bool   // -1 and 1 are the middles of the outermost elements, not their edges
	beyond     string // what is outside: zeros, border or reflection
}

func (l gridSampleOp) Load() (Kernel, error) { return l, nil }
func (l gridSampleOp) String() string        { return "grid sample" }

// sample is which elements along one dimension count, and how much.
type sample struct {
	places  [4]int // -1: outside
	weights [4]float32
}

func (l gridSampleOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, grid, z := xs[0].Float32s(), xs[1].Float32s(), y.Float32s()
	shape := xs[0].Shape()
	size, points := Volume(shape[2:]), Volume(y.Shape()[2:])
	var along [3]sample
	for p := range shape[0] * points {
		for d := range l.rank { // the grid has the last dimension first
			along[d] = l.at(grid[p*l.rank+l.rank-1-d], shape[2+d])
		}
		for c := range shape[1] {
			plane := p/points*shape[1] + c
			z[plane*points+p%points] = l.sum(x[plane*size:][:size], shape[2:], &along)
		}
	}
	return nil
}

// sum combines the elements that count along every dimension.
func (l gridSampleOp) sum(x []float32, shape []int, along *[3]sample) float32 {
	total, taps := float32(0), 1
	for range l.rank {
		taps *= l.taps
	}
	for t := range taps {
		place, weight, rest := 0, float32(1), t
		for d := range l.rank {
			s := &along[d]
			at := s.places[rest%l.taps]
			if at < 0 {
				weight = 0
				break
			}
			place, weight = place*shape[d]+at, weight*s.weights[rest%l.taps]
			rest /= l.taps
		}
		if weight != 0 {
			total += weight * x[place]
		}
	}
	return total
}

// at is what counts at a coordinate of a dimension of n elements.
func (l gridSampleOp) at(v float32, n int) (s sample) {
	x := ((v+1)*float32(n) - 1) / 2
	if l.corners {
		x = (v + 1) / 2 * float32(n-1)
	}
	x = min(max(x, -MaxVolume), MaxVolume)
	if x != x {
		x = -MaxVolume
	}
	if l.taps == 1 {
		s.places[0], s.weights[0] = l.inside(int(math.RoundToEven(float64(x))), n), 1
		return s
	}
	floor := math.Floor(float64(x))
	r := float64(x) - floor
	cubic := sampling{mode: "cubic", a: -0.75}
	if l.taps == 2 {
		cubic.mode = "linear"
	}
	weigh := resizeOp{sampling: cubic}
	for t := range l.taps {
		from := t - l.taps/2 + 1
		s.places[t], s.weights[t] = l.inside(int(floor)+from, n), float32(weigh.weight(float64(from)-r))
	}
	return s
}

// inside is the element that stands for number i, or -1.
func (l gridSampleOp) inside(i, n int) int {
	switch {
	case i >= 0 && i < n:
		return i
	case l.beyond == "border":
		return min(max(i, 0), n-1)
	case l.beyond == "zeros":
		return -1
	case l.corners: // the middles of the outermost elements are the mirrors
		return chosen{mode: "reflect"}.at(i, n)
	}
	if i = modulo(i, 2*n); i >= n { // their edges are
		i = 2*n - 1 - i
	}
	return i
}
