//go:build !amd64 && !arm && !arm64

package f32

// winogradLanes is how many tiles the transforms take at a time.
var winogradLanes = [isaCount]int{portable: 4}

func winogradInput(_ isa, size int, v []float32, stride int, x []float32, t *Tiles, _ []float32) {
	winogradInputGo(size, v, stride, x, t)
}

func winogradOutput(_ isa, size int, y []float32, t *Tiles, m []float32, stride int, bias float32, c Clamp, _ []float32) {
	winogradOutputGo(size, y, t, m, stride, bias, c)
}
