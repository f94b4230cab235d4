//go:build amd64 || arm64 || arm

package f32

// pause tells the core that it is waiting, so that it saves power and leaves
// its resources to the thread beside it.
func pause()
