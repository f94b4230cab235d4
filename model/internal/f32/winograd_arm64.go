package f32

// winogradLanes is how many tiles the kernels below take at a time.
var winogradLanes = [isaCount]int{portable: 4, neon64: 4}

//go:noescape
func winogradInput4(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)

//go:noescape
func winogradInput6(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)

//go:noescape
func winogradOutput4(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)

//go:noescape
func winogradOutput6(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)
