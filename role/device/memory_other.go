//go:build !linux

package device

// Memory is how many bytes of memory this process may use; 0: it is not known.
func Memory() uint64 { return 0 }
