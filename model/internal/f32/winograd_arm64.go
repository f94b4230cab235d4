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

func winogradInput4(_ isa, v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32) {
	winogradInput4NEON(v, stride, x, pitch, at, groups, buffer)
}

func winogradInput6(_ isa, v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32) {
	winogradInput6NEON(v, stride, x, pitch, at, groups, buffer)
}

func winogradOutput4(_ isa, y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32) {
	winogradOutput4NEON(y, pitch, m, stride, at, groups, buffer, bias, lo, hi)
}

func winogradOutput6(_ isa, y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32) {
	winogradOutput6NEON(y, pitch, m, stride, at, groups, buffer, bias, lo, hi)
}
