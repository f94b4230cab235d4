//go:build !slow

package role

const long = false
