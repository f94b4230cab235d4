package f32

// winogradLanes is how many tiles the kernels take at a time.
var winogradLanes = [isaCount]int{portable: 4, avx2: 8, avx512: 16}
