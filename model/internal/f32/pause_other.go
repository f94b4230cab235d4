//go:build !amd64 && !arm64 && !arm

package f32

func pause() {}
