package op

import "fmt"

// centerCropPad brings dimensions to the given sizes: too long ones lose as much
// on both sides, too short ones get zeros on both sides. Of an odd number the
// larger half is behind.
func centerCropPad(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	to, err := n.ints(1, "")
	if err != nil {
		return err
	}
	along, err := n.allAxes(len(shape))
	if err != nil {
		return err
	}
	if len(to) != len(along) {
		return fmt.Errorf("%w: %d sizes for %d axes", ErrMalformed, len(to), len(along))
	}
	all := whole(shape)
	for i, k := range along {
		if to[i] < 1 || to[i] > MaxVolume {
			return fmt.Errorf("sizes %d: %w: 1 to %d are", to, ErrUnsupported, MaxVolume)
		}
		have, want := shape[k], int(to[i])
		start := (have - want) / 2
		if want > have {
			start = -((want - have) / 2)
		}
		all[k] = chosen{size: want, start: start, mode: "constant"}
	}
	return n.pick("crop and pad", shape, all, 0)
}

// allAxes reads the attribute axes: which dimensions are meant, all of them
// where it is left out.
func (n *Node) allAxes(rank int) ([]int, error) {
	a := n.Attribute("axes")
	if a == nil {
		all := make([]int, rank)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	if _, err := axes(a.Ints, rank); err != nil {
		return nil, err
	}
	var list []int
	for _, v := range a.Ints {
		k, _ := axis(v, rank)
		list = append(list, k)
	}
	return list, nil
}
