package f32

// winogradLanes is how many tiles the transforms take at a time.
var winogradLanes = [isaCount]int{portable: 4, neon32: 4}

//go:noescape
func winogradInput4(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)

//go:noescape
func winogradOutput4(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)

func winogradInput(i isa, size int, v []float32, stride int, x []float32, t *Tiles, buffer []float32) {
	if i == portable || size != 4 {
		winogradInputGo(size, v, stride, x, t)
		return
	}
	winogradInput4(&v[0], stride, &x[0], t.Pitch, &t.at[0], len(t.at)/winogradLanes[i], &buffer[0])
}

func winogradOutput(i isa, size int, y []float32, t *Tiles, m []float32, stride int, bias float32, c Clamp, buffer []float32) {
	if i == portable || size != 4 {
		winogradOutputGo(size, y, t, m, stride, bias, c)
		return
	}
	winogradOutput4(&y[0], t.Pitch, &m[0], stride, &t.at[0], len(t.at)/winogradLanes[i], &buffer[0], bias, c.Min, c.Max)
}
