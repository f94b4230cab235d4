package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// roiAlign cuts regions out of feature maps and brings each to one size: of x
// [n c h w], regions [r 4] (x and y of two corners, in pixels of the picture) and
// the sample that each is of [r], it gives [r c oh ow]. Each element is the mean,
// or the largest, of points between the elements of x.
//
// https://onnx.ai/onnx/operators/onnx__RoiAlign.html
func roiAlign(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	x, err := n.dims(0)
	if err != nil {
		return err
	}
	regions, err := n.dims(1)
	if err != nil {
		return err
	}
	of, err := n.dims(2)
	if err != nil {
		return err
	}
	if len(x) != 4 || len(regions) != 2 || regions[1] != 4 || len(of) != 1 || of[0] != regions[0] {
		return fmt.Errorf("%w: regions of shape %v, of the samples %v, in shape %v", ErrMalformed, regions, of, x)
	}
	middles := "half_pixel"
	if n.Opset < 16 {
		middles = "output_half_pixel"
	}
	o := roiAlignOp{scale: n.Float("spatial_scale", 1), points: int(n.Int("sampling_ratio", 0))}
	switch mode := n.word("coordinate_transformation_mode", middles); mode {
	case "half_pixel":
		o.middle = 0.5
	case "output_half_pixel":
	default:
		return fmt.Errorf("%w: coordinate_transformation_mode %.20q", ErrMalformed, mode)
	}
	switch mode := n.word("mode", "avg"); mode {
	case "avg":
	case "max":
		o.largest = true
	default:
		return fmt.Errorf("%w: mode %.20q", ErrMalformed, mode)
	}
	if o.points < 0 || o.points > maxPoints {
		return fmt.Errorf("%w: sampling_ratio %d, want 0 to %d", ErrMalformed, o.points, maxPoints)
	}
	to, err := fewDims([]int64{n.Int("output_height", 1), n.Int("output_width", 1)})
	if err != nil {
		return err
	}
	return n.combine(o, []int{regions[0], x[1], to[0], to[1]}, 0, 1, 2)
}

// maxPoints bounds the points along one side of an element, which a frame may ask for.
const maxPoints = 64

type roiAlignOp struct {
	weightless
	scale   float32 // elements of x for a pixel of the picture
	middle  float32 // where the middle of an element is
	points  int     // along each side of an element; 0: as many as there are elements of x in it
	largest bool    // of what the four elements around each point contribute, and not the mean of the points
}

func (l roiAlignOp) Load() (Kernel, error) { return l, nil }
func (l roiAlignOp) String() string        { return "region align" }

// span is a side of a region: where it begins, and how long and in how many
// points each element of the result is.
type span struct {
	from, step float32
	points     int
}

func (l roiAlignOp) span(low, high float32, into int) span {
	from, to := low*l.scale-l.middle, high*l.scale-l.middle
	length := to - from
	if l.middle == 0 { // of old, no region was smaller than an element
		length = max(length, 1)
	}
	s := span{from, length / float32(into), l.points}
	if s.points == 0 {
		s.points = int(min(max(math.Ceil(float64(s.step)), 1), maxPoints))
	}
	return s
}

// at is what counts at point p of element i along a side of n elements of x; false: it is outside.
func (s span) at(i, p, n int) (tap sample, inside bool) {
	x := s.from + s.step*(float32(i)+(float32(p)+0.5)/float32(s.points))
	if !(x >= -1 && x <= float32(n)) {
		return tap, false
	}
	x = min(max(x, 0), float32(n-1))
	low := min(int(x), n-1)
	r := x - float32(low)
	tap.places[0], tap.weights[0] = low, 1-r
	tap.places[1], tap.weights[1] = min(low+1, n-1), r
	return tap, true
}

func (l roiAlignOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, regions, of, z := xs[0].Float32s(), xs[1].Float32s(), xs[2].Float32s(), y.Float32s()
	shape, to := xs[0].Shape(), y.Shape()
	samples, channels, h, w := shape[0], shape[1], shape[2], shape[3]
	for r := range to[0] {
		sample := int(of[r])
		if !(of[r] >= 0 && sample < samples) {
			return fmt.Errorf("region %d is of sample %v: there are %d", r, of[r], samples)
		}
		box := regions[r*4:][:4]
		across, down := l.span(box[0], box[2], to[3]), l.span(box[1], box[3], to[2])
		for c := range channels {
			plane, out := x[(sample*channels+c)*h*w:][:h*w], z[(r*channels+c)*to[2]*to[3]:]
			for i := range to[2] {
				for j := range to[3] {
					out[i*to[3]+j] = l.element(plane, w, down, across, i, j, h)
				}
			}
		}
	}
	return nil
}

// element is element i, j of a region, in a plane of h rows of w elements.
func (l roiAlignOp) element(plane []float32, w int, down, across span, i, j, h int) float32 {
	sum, most := float32(0), float32(math.Inf(-1))
	for p := range down.points {
		row, inside := down.at(i, p, h)
		for q := range across.points {
			column, also := across.at(j, q, w)
			if !inside || !also {
				most = max(most, 0)
				continue
			}
			for a := range 2 {
				for b := range 2 {
					v := row.weights[a] * column.weights[b] * plane[row.places[a]*w+column.places[b]]
					sum, most = sum+v, max(most, v)
				}
			}
		}
	}
	if l.largest {
		return most
	}
	return sum / float32(down.points*across.points)
}
