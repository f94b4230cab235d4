//go:build slow

package input

// long tells tests against other programs that there is time for large inputs.
const long = true
