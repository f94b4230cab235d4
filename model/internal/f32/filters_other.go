//go:build !amd64 && !arm64

package f32

func filterTile(isa) (high, wide int) { return 0, 0 }

func filters(isa, *filtersCall) { panic("f32: no kernels for filters for this architecture") }
