package f32

import "math"

// What products cost on this machine, in the time of a vector instruction: enough to
// tell which of two ways to compute the same is the faster one, without trying. The
// counts are those of the kernels, and the rest is rounded.

// costs say how the instruction sets differ. Weights are read from memory at 2 GB/s
// where a billion vectors are computed in a second, and at twice that with AVX-512, whose
// processors have larger caches.
var costs = [isaCount]struct {
	lanes    float64               // of the product's vectors
	float    float64               // a weight, read from memory
	winograd map[int]winogradCosts // by the size of a tile
}{
	portable: {1, 1.8, map[int]winogradCosts{4: {1500, 1100}, 6: {3000, 2700}}},
	avx2:     {8, 1.8, map[int]winogradCosts{4: {650, 420}, 6: {980, 920}}},
	avx512:   {16, 0.9, map[int]winogradCosts{4: {650, 420}, 6: {980, 920}}},
	neon64:   {4, 1.8, map[int]winogradCosts{4: {370, 300}, 6: {660, 600}}},
	neon32:   {4, 1.8, map[int]winogradCosts{4: {420, 330}}}, // the larger tiles have no kernels there
}

// winogradCosts is of one channel of as many tiles as are transformed at a time.
type winogradCosts struct{ input, output float64 }

// ProductCost is that of a matrix of rows×cols times n columns.
func ProductCost(rows, cols, n int) float64 {
	s, c := &shapes[native], &costs[native]
	n = (n + s.narrow - 1) / s.narrow * s.narrow
	const (
		step = 1.12 // a multiply-add, with its share of the loads
		ends = 4    // a vector of results, before the first and after the last step
	)
	return float64(rows)*float64(n)/c.lanes*(step*float64(cols)+ends) + c.float*float64(rows)*float64(cols)
}

// WinogradCost is that of a convolution by so many tiles.
func WinogradCost(size, out, in, tiles int) float64 {
	c, are := costs[native].winograd[size]
	if !are {
		return math.Inf(1)
	}
	lanes := winogradLanes[native]
	steps := float64((tiles + lanes - 1) / lanes)
	return float64((size+2)*(size+2))*ProductCost(out, in, tiles) + steps*(float64(in)*c.input+float64(out)*c.output)
}
