package op

import "fmt"

// spatial is how a small window slides over the dimensions behind the batch and
// the channels, one number for each of them.
type spatial struct {
	size, kernel, stride, dilation, before, after, out []int
}

// spatial reads the attributes that convolutions and pools share. Of a pool, the
// last window may be larger than what is left.
func (n *Node) spatial(dims []int, kernel []int64, pool bool) (s spatial, err error) {
	if len(dims) < 3 {
		return s, fmt.Errorf("%w: no window slides over shape %v", ErrMalformed, dims)
	}
	space := dims[2:]
	rank := len(space)
	strides, err := n.perAxis("strides", rank, 1)
	if err != nil {
		return s, err
	}
	dilations, err := n.perAxis("dilations", rank, 1)
	if err != nil {
		return s, err
	}
	pads, err := n.perAxis("pads", 2*rank, 0)
	if err != nil {
		return s, err
	}
	if len(kernel) != rank {
		return s, fmt.Errorf("%w: a kernel of shape %d over %d dimensions", ErrMalformed, kernel, rank)
	}
	ceilMode := pool && n.Int("ceil_mode", 0) != 0
	auto := n.word("auto_pad", "NOTSET")
	for i, size := range space {
		if kernel[i] < 1 || kernel[i] > MaxVolume {
			return s, fmt.Errorf("%w: a kernel of shape %d", ErrMalformed, kernel)
		}
		wide := (kernel[i]-1)*dilations[i] + 1 // 48 bits at most
		before, after := pads[i], pads[i+rank]
		var out int64
		switch auto {
		case "SAME_UPPER", "SAME_LOWER":
			out = (int64(size) + strides[i] - 1) / strides[i]
			before, after = shared(max(0, (out-1)*strides[i]+wide-int64(size)), auto == "SAME_LOWER")
		case "VALID":
			before, after = 0, 0
		case "NOTSET":
		default:
			return s, fmt.Errorf("%w: auto_pad %.20q", ErrMalformed, auto)
		}
		if out == 0 {
			room := int64(size) + before + after - wide
			out = windows(room, strides[i], ceilMode || pool && room < 0)
		}
		if ceilMode && (out-1)*strides[i] >= int64(size)+before { // it would begin in the padding behind
			out--
		}
		if out < 1 || wide > MaxVolume || before > MaxVolume || after > MaxVolume {
			return s, fmt.Errorf("%w: a kernel of shape %d with strides %d, dilations %d and pads %d does not fit in shape %d",
				ErrMalformed, kernel, strides, dilations, pads, dims)
		}
		s.add(size, int(kernel[i]), int(strides[i]), int(dilations[i]), int(before), int(after), int(out))
	}
	return s, nil
}

func (s *spatial) add(size, kernel, stride, dilation, before, after, out int) {
	s.size, s.out = append(s.size, size), append(s.out, out)
	s.kernel, s.stride, s.dilation = append(s.kernel, kernel), append(s.stride, stride), append(s.dilation, dilation)
	s.before, s.after = append(s.before, before), append(s.after, after)
}

// shared is padding at both ends; of an odd number the larger half is behind, or
// before.
func shared(all int64, lower bool) (before, after int64) {
	if lower {
		return all - all/2, all / 2
	}
	return all / 2, all - all/2
}

// windows is how many windows begin in so much room.
func windows(room, stride int64, up bool) int64 {
	if up {
		room += stride - 1
	}
	if room < 0 {
		return 0
	}
	return room/stride + 1
}

// perAxis reads a list attribute, one number for each axis.
func (n *Node) perAxis(name string, count int, least int64) ([]int64, error) {
	list := make([]int64, count)
	for i := range list {
		list[i] = least
	}
	a := n.Attribute(name)
	if a == nil || len(a.Ints) == 0 {
		return list, nil
	}
	if len(a.Ints) != count {
		return nil, fmt.Errorf("%w: %s %d, want %d numbers", ErrMalformed, name, a.Ints, count)
	}
	for _, v := range a.Ints {
		if v < least || v > MaxVolume {
			return nil, fmt.Errorf("%w: %s %d: %d to %d is allowed", ErrMalformed, name, a.Ints, least, MaxVolume)
		}
	}
	return a.Ints, nil
}
