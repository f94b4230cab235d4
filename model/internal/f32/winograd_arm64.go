package f32

// winogradLanes is how many tiles the kernels below take at a time.
var winogradLanes = [isaCount]int{portable: 4, neon64: 4}

//go:noescape
func winogradInput4NEON(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)

//go:noescape
func winogradInput6NEON(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)

//go:noescape
func winogradOutput4NEON(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)

//go:noescape
func winogradOutput6NEON(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)

func winogradInput(i isa, size int, v []float32, stride int, x []float32, t *Tiles, buffer []float32) {
	switch {
	case i == portable:
		winogradInputGo(size, v, stride, x, t)
	case size == 4:
		winogradInput4NEON(&v[0], stride, &x[0], t.Pitch, &t.At[0], len(t.At)/4, &buffer[0])
	default:
		winogradInput6NEON(&v[0], stride, &x[0], t.Pitch, &t.At[0], len(t.At)/4, &buffer[0])
	}
}

func winogradOutput(i isa, size int, y []float32, t *Tiles, m []float32, stride int, bias float32, c Clamp, buffer []float32) {
	switch {
	case i == portable:
		winogradOutputGo(size, y, t, m, stride, bias, c)
	case size == 4:
		winogradOutput4NEON(&y[0], t.Pitch, &m[0], stride, &t.At[0], len(t.At)/4, &buffer[0], bias, c.Min, c.Max)
	default:
		winogradOutput6NEON(&y[0], t.Pitch, &m[0], stride, &t.At[0], len(t.At)/4, &buffer[0], bias, c.Min, c.Max)
	}
}
