package op

import "fmt"

// pad puts elements around; a negative number of them takes some away.
func pad(n *Node) error {
	if err := n.takes(1, 4); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	mode := n.word("mode", "constant")
	if mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap" {
		return fmt.Errorf("%w: mode %.20q, want constant, reflect, edge or wrap", ErrMalformed, mode)
	}
	if to := n.declared(0); len(to) == len(shape) && n.computed(1) {
		return n.combine(movingPadOp{mode: mode}, to, 0, 1, 2, 3)
	}
	name := "pads"
	if n.Opset < 2 {
		name = "paddings"
	}
	pads, err := n.ints(1, name)
	if err != nil {
		return err
	}
	list, err := n.ints(3, "")
	if err != nil {
		return err
	}
	if list == nil {
		for i := range shape {
			list = append(list, int64(i))
		}
	}
	if _, err := axes(list, len(shape)); err != nil {
		return err
	}
	if len(pads) != 2*len(list) {
		return fmt.Errorf("%w: pads %d of %d dimensions", ErrMalformed, pads, len(list))
	}
	value, err := n.float(2, n.Float("value", 0))
	if err != nil {
		return err
	}
	all := whole(shape)
	for i, a := range list {
		k, _ := axis(a, len(shape))
		before, after := pads[i], pads[i+len(list)]
		if before > MaxVolume || after > MaxVolume || before < -MaxVolume || after < -MaxVolume || int64(shape[k])+before+after < 1 {
			return fmt.Errorf("%w: pads %d of shape %v", ErrMalformed, pads, shape)
		}
		all[k] = chosen{size: int(int64(shape[k]) + before + after), start: int(-before), mode: mode}
	}
	return n.pick("pad", shape, all, value)
}
