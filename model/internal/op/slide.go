package op

import "fmt"

// sliding is a window with the padding behind, and the sizes it gives.
type sliding struct {
	window
	after [2]int
	out   []int
}

// slide reads the attributes that convolutions and pools share. A window over
// one dimension is one over two, the first of which is 1.
func (n *Node) slide(dims []int, kernel []int64, ceilMode bool) (sliding, error) {
	space := dims[2:]
	s := sliding{window: window{h: 1, kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, oh: 1}}
	if dims[0] != 1 {
		return s, fmt.Errorf("its input has the shape %d: %w: the first dimension is the batch, and 1", dims, ErrUnsupported)
	}
	rank := len(space)
	if rank > 2 {
		return s, fmt.Errorf("over %d dimensions: %w: one or two are", rank, ErrUnsupported)
	}
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
	auto := n.word("auto_pad", "NOTSET")
	s.h, s.w = 1, space[rank-1]
	if rank == 2 {
		s.h = space[0]
	}
	for i, size := range space {
		a := i + 2 - rank
		if kernel[i] < 1 || kernel[i] > MaxVolume {
			return s, fmt.Errorf("%w: a kernel of shape %d", ErrMalformed, kernel)
		}
		wide := (kernel[i]-1)*dilations[i] + 1 // 48 bits at most
		before, after := pads[i], pads[i+rank]
		var out int64
		switch auto {
		case "SAME_UPPER", "SAME_LOWER":
			out = (int64(size) + strides[i] - 1) / strides[i]
			all := max(0, (out-1)*strides[i]+wide-int64(size))
			if before = all / 2; auto == "SAME_LOWER" {
				before = all - all/2
			}
			after = all - before
		case "VALID":
			before, after = 0, 0
			out = windows(int64(size)-wide, strides[i], false)
		case "NOTSET":
			room := int64(size) + before + after - wide
			out = windows(room, strides[i], ceilMode)
			if ceilMode && (out-1)*strides[i] >= int64(size)+before { // it would begin in the padding behind
				out--
			}
		default:
			return s, fmt.Errorf("%w: auto_pad %.20q", ErrMalformed, auto)
		}
		if out < 1 || wide > MaxVolume || before > MaxVolume || after > MaxVolume {
			return s, fmt.Errorf("%w: a kernel of shape %d with strides %d, dilations %d and pads %d does not fit in shape %d",
				ErrMalformed, kernel, strides, dilations, pads, dims)
		}
		s.kernel[a], s.stride[a], s.dilation[a] = int(kernel[i]), int(strides[i]), int(dilations[i])
		s.before[a], s.after[a] = int(before), int(after)
		s.out = append(s.out, int(out))
		if a == 0 {
			s.oh = int(out)
		} else {
			s.ow = int(out)
		}
	}
	if err := s.affordable(dims[1]); err != nil {
		return s, err
	}
	return s, nil
}

// windows is how many windows begin in so much room.
func windows(room, stride int64, up bool) int64 {
	if room < 0 {
		return 0
	}
	if up {
		room += stride - 1
	}
	return room/stride + 1
}

// affordable refuses padding and windows far beyond what networks have.
func (s *sliding) affordable(channels int) error {
	n := int64(channels)
	for a, out := range [2]int{s.oh, s.ow} {
		phases := int64(min(s.kernel[a], s.stride[a]))
		n *= phases
		if n > 4*MaxVolume {
			break
		}
		n *= (int64(s.kernel[a])-1)*int64(s.dilation[a])/int64(s.stride[a]) + int64(out)
		if n > 4*MaxVolume {
			break
		}
	}
	if n > 4*MaxVolume || int64(s.kernel[0])*int64(s.kernel[1]) > 1<<16 {
		return fmt.Errorf("a kernel of %d, pads %d and %d: %w: with its padding the input is too large", s.kernel, s.before, s.after, ErrUnsupported)
	}
	return nil
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
