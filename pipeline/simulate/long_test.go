//go:build slow

package simulate

// long tells tests of many runs that there is time for them.
const long = true
