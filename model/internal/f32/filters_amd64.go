package f32

// filterTile is how many filters a kernel has, at how many places at a time.
func filterTile(i isa) (high, wide int) {
	switch i {
	case avx2:
		return 4, 24
	case avx512:
		return 8, 32
	}
	return 0, 0
}
