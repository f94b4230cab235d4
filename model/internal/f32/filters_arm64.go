package f32

// filterTile is how many filters a kernel has, at how many places at a time.
func filterTile(i isa) (high, wide int) {
	if i == neon64 {
		return 8, 12
	}
	return 0, 0
}

//go:noescape
func filtersNEON(c *filtersCall)

func filters(_ isa, c *filtersCall) { filtersNEON(c) }
