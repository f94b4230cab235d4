//go:build slow

package role

// long tells tests of chance that there is time for many of them.
const long = true
