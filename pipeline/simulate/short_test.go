//go:build !slow

package simulate

const long = false
