package op

// lattice is how the elements of a small tensor lie among those of a large one,
// in any number of dimensions: element i is at i stride + k dilation - before of
// the large one, seen through tap k of a window. A convolution sums up the large
// one into the small one, and a transposed one adds the small one to the large.
type lattice struct {
	rank                             int
	large, small                     [MaxRank]int
	kernel, stride, dilation, before [MaxRank]int
	taps                             int
}

func (s spatial) lattice(large, small []int) *lattice {
	l := &lattice{rank: len(s.kernel), taps: 1}
	for i, k := range s.kernel {
		l.large[i], l.small[i], l.kernel[i] = large[i], small[i], k
		l.stride[i], l.dilation[i], l.before[i] = s.stride[i], s.dilation[i], s.before[i]
		l.taps *= k
	}
	return l
}

// rows visits the elements of the small tensor that see one of the large one
// through a tap, a row at a time: count of them from small on, and from large
// on, where they are step apart.
func (l *lattice) rows(tap int, visit func(small, large, count, step int)) {
	var first, last, at, shift [MaxRank]int
	for d := l.rank - 1; d >= 0; d-- {
		shift[d] = tap%l.kernel[d]*l.dilation[d] - l.before[d]
		tap /= l.kernel[d]
		first[d] = ceil(max(0, -shift[d]), l.stride[d])
		last[d] = min(l.small[d], ceil(max(0, l.large[d]-shift[d]), l.stride[d]))
		if first[d] >= last[d] {
			return
		}
		at[d] = first[d]
	}
	inner := l.rank - 1
	for {
		small, large := 0, 0
		for d := range l.rank {
			small = small*l.small[d] + at[d]
			large = large*l.large[d] + at[d]*l.stride[d] + shift[d]
		}
		visit(small, large, last[inner]-first[inner], l.stride[inner])
		d := inner - 1
		for ; d >= 0; d-- {
			if at[d]++; at[d] < last[d] {
				break
			}
			at[d] = first[d]
		}
		if d < 0 {
			return
		}
	}
}
