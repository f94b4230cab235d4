//go:build amd64 || arm64

package f32

func winogradInput(i isa, size int, v []float32, stride int, x []float32, t *Tiles, buffer []float32) {
	switch {
	case i == portable:
		winogradInputGo(size, v, stride, x, t)
	case size == 4:
		winogradInput4(i, &v[0], stride, &x[0], t.Pitch, &t.at[0], len(t.at)/winogradLanes[i], &buffer[0])
	default:
		winogradInput6(i, &v[0], stride, &x[0], t.Pitch, &t.at[0], len(t.at)/winogradLanes[i], &buffer[0])
	}
}

func winogradOutput(i isa, size int, y []float32, t *Tiles, m []float32, stride int, bias float32, c Clamp, buffer []float32) {
	switch {
	case i == portable:
		winogradOutputGo(size, y, t, m, stride, bias, c)
	case size == 4:
		winogradOutput4(i, &y[0], t.Pitch, &m[0], stride, &t.at[0], len(t.at)/winogradLanes[i], &buffer[0], bias, c.Min, c.Max)
	default:
		winogradOutput6(i, &y[0], t.Pitch, &m[0], stride, &t.at[0], len(t.at)/winogradLanes[i], &buffer[0], bias, c.Min, c.Max)
	}
}
