package op

import (
	"fmt"
	"math"
	"slices"
)

// resize changes the sizes of dimensions, by scales or to sizes; what is between
// the elements is the nearest one, or is interpolated. Upsample is how older
// versions call it.
//
// https://onnx.ai/onnx/operators/onnx__Resize.html
func resize(n *Node) error {
	if err := n.takes(1, 4); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	how, err := n.sampling()
	if err != nil {
		return err
	}
	along, err := n.allAxes(len(shape))
	if err != nil {
		return err
	}
	r := &resizeOp{sampling: how, from: shape, to: slices.Clone(shape), axes: make([]sampled, len(shape))}
	for k := range r.axes {
		r.axes[k] = sampled{scale: 1, region: [2]float32{0, 1}}
	}
	roi, scales, sizes := 1, 2, 3
	if n.Op == "Upsample" || n.Opset < 11 {
		roi, scales, sizes = -1, 1, -1
	}
	if how.mapping == "tf_crop_and_resize" {
		if err := r.regions(n, roi, along); err != nil {
			return err
		}
	}
	switch {
	case sizes > 0 && n.has(sizes):
		err = r.bySizes(n, sizes, along)
	case n.has(scales) && n.In[scales].Constant == nil:
		if err := r.byDeclared(n, scales, along); err != nil {
			return err
		}
		return n.combine(r, r.to, 0, scales)
	default:
		err = r.byScales(n, scales, along)
	}
	if err != nil {
		return err
	}
	return n.give(r, r.to, 0)
}

// sampling is how the elements of a resized tensor are found.
type sampling struct {
	mode    string // nearest, linear or cubic
	mapping string // of the coordinates
	nearest string // how a coordinate is rounded
	a       float64
	inside  bool    // elements beyond the edge do not count, rather than repeat those at it
	smooth  bool    // when it gets smaller, all elements count
	beyond  float32 // what is outside of a region that is cropped
}

func (n *Node) sampling() (s sampling, err error) {
	s.mode = n.word("mode", "nearest")
	if s.mode == "bilinear" || s.mode == "trilinear" {
		s.mode = "linear"
	}
	s.mapping = n.word("coordinate_transformation_mode", "half_pixel")
	s.nearest = n.word("nearest_mode", "round_prefer_floor")
	if n.Op == "Upsample" || n.Opset < 11 {
		s.mapping, s.nearest = "asymmetric", "simple"
	}
	s.a = float64(n.Float("cubic_coeff_a", -0.75))
	s.inside = n.Int("exclude_outside", 0) != 0
	s.smooth = n.Int("antialias", 0) != 0
	s.beyond = n.Float("extrapolation_value", 0)
	for _, word := range []struct {
		is   string
		from []string
	}{
		{s.mode, []string{"nearest", "linear", "cubic"}},
		{s.mapping, []string{"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"}},
		{s.nearest, []string{"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple"}},
	} {
		if !slices.Contains(word.from, word.is) {
			return s, fmt.Errorf("%w: %.30q is none of %s", ErrMalformed, word.is, word.from)
		}
	}
	return s, nil
}

// regions reads which part of each dimension is resized: from and to, where the
// whole is 0 to 1.
func (r *resizeOp) regions(n *Node, roi int, along []int) error {
	list, err := n.reals(roi)
	if err != nil {
		return err
	}
	if len(list) != 2*len(along) {
		return fmt.Errorf("%w: a region of %d numbers for %d axes", ErrMalformed, len(list), len(along))
	}
	for i, k := range along {
		r.axes[k].region = [2]float32{list[i], list[i+len(along)]}
	}
	return nil
}

func (r *resizeOp) byScales(n *Node, input int, along []int) error {
	list, err := n.reals(input)
	if a := n.Attribute("scales"); a != nil && list == nil {
		list = a.Floats
	}
	if n.Opset < 7 { // Upsample of version 1
		list = []float32{1, 1, n.Float("height_scale", 0), n.Float("width_scale", 0)}
	}
	if err != nil {
		return err
	}
	if len(list) != len(along) {
		return fmt.Errorf("%w: %d scales for %d axes", ErrMalformed, len(list), len(along))
	}
	for i, k := range along {
		to := math.Floor(float64(list[i] * float32(r.from[k])))
		if !(list[i] > 0 && to >= 1 && to <= MaxVolume) {
			return fmt.Errorf("%w: scales %v of shape %v", ErrMalformed, list, r.from)
		}
		r.axes[k].scale, r.to[k] = list[i], int(to)
	}
	return nil
}

func (r *resizeOp) bySizes(n *Node, input int, along []int) error {
	policy := n.word("keep_aspect_ratio_policy", "stretch")
	var list []int64
	var err error
	if to := n.declared(0); n.In[input].Constant == nil && len(to) == len(r.from) && policy == "stretch" {
		for _, k := range along {
			list = append(list, int64(to[k]))
		}
	} else if list, err = n.ints(input, ""); err != nil {
		return err
	}
	if len(list) != len(along) {
		return fmt.Errorf("%w: %d sizes for %d axes", ErrMalformed, len(list), len(along))
	}
	least, most := float32(math.Inf(1)), float32(0)
	for i, k := range along {
		if list[i] < 1 || list[i] > MaxVolume {
			return fmt.Errorf("%w: sizes %d of shape %v", ErrMalformed, list, r.from)
		}
		s := float32(list[i]) / float32(r.from[k])
		r.axes[k].scale, r.to[k] = s, int(list[i])
		least, most = min(least, s), max(most, s)
	}
	switch policy {
	case "stretch":
		return nil
	case "not_larger":
	case "not_smaller":
		least = most
	default:
		return fmt.Errorf("%w: keep_aspect_ratio_policy %.20q", ErrMalformed, policy)
	}
	for _, k := range along {
		r.axes[k].scale = least
		r.to[k] = max(1, int(math.Floor(float64(least*float32(r.from[k]))+0.5)))
	}
	return nil
}

// byDeclared takes the sizes that the file declares, where the scales are
// computed.
func (r *resizeOp) byDeclared(n *Node, input int, along []int) error {
	scales, _ := n.dims(input)
	to := n.declared(0)
	if len(to) != len(r.from) || Volume(scales) != len(along) {
		_, err := n.constant(input)
		return err
	}
	if r.smooth || r.mapping == "align_corners" {
		return fmt.Errorf("its scales are computed: %w with antialias or align_corners", ErrUnsupported)
	}
	r.to, r.along = to, along
	return nil
}

// reals gives the numbers in input i; nil if it is left out.
func (n *Node) reals(i int) ([]float32, error) {
	c, err := n.constant(max(i, 0))
	if i < 0 || err != nil || c == nil || c.volume() == 0 {
		return nil, err
	}
	if c.Type.Integer() {
		return nil, fmt.Errorf("%w: input %d (%.80q) holds %v, want numbers", ErrMalformed, i, n.Inputs[i], c.Type)
	}
	err = c.know(n.Budget)
	return c.reals, err
}
