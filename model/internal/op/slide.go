package op

import "fmt"

// sliding is a window in two dimensions with the padding behind, and the sizes
// it gives.
type sliding struct {
	window
	after [2]int
	out   []int
}

// flat is the window in two dimensions; one over a single dimension is one over
// two, the first of which is 1. ok says that there are no more than two.
func (s spatial) flat() (f sliding, ok bool) {
	f = sliding{window: window{h: 1, kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, oh: 1}, out: s.out}
	rank := len(s.size)
	if rank > 2 {
		return f, false
	}
	for i := range rank {
		a := i + 2 - rank
		f.kernel[a], f.stride[a], f.dilation[a] = s.kernel[i], s.stride[i], s.dilation[i]
		f.before[a], f.after[a] = s.before[i], s.after[i]
	}
	if rank == 2 {
		f.h, f.oh = s.size[0], s.out[0]
	}
	f.w, f.ow = s.size[rank-1], s.out[rank-1]
	return f, true
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
