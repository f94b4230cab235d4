//go:build !arm64

package f32

const multipliesHalves = false

func tileHalf(int, *strips) { panic("f32: no such kernel") }

func narrowHalf(*uint16, int, *float32, *float32, int, int) { panic("f32: no such kernel") }
