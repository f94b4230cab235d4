//go:build !slow

package input

const long = false
