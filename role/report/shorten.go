package report

// Shorten keeps a name within so many columns of a table.
func Shorten(s string, columns int) string {
	if r := []rune(s); len(r) > columns {
		return string(r[:columns-1]) + "…"
	}
	return s
}
