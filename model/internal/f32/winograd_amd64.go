package f32

// winogradLanes is how many tiles the kernels take at a time.
var winogradLanes = [isaCount]int{portable: 4, avx2: 8, avx512: 8}

func winogradInput4(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32) {
	winogradInput4AVX2(v, stride, x, pitch, at, groups, buffer)
}

func winogradInput6(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32) {
	winogradInput6AVX2(v, stride, x, pitch, at, groups, buffer)
}

func winogradOutput4(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32) {
	winogradOutput4AVX2(y, pitch, m, stride, at, groups, buffer, bias, lo, hi)
}

func winogradOutput6(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32) {
	winogradOutput6AVX2(y, pitch, m, stride, at, groups, buffer, bias, lo, hi)
}
