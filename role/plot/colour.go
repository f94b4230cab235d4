package plot

import (
	"slices"

	"tandem/strategy"
)

// Colour is one of those that series have, on white and on the page when that is dark.
type Colour struct{ Name, Light, Dark string }

// colours are told apart by people who don't see all of them, and stand out from the ground by 3 to 1: those of Okabe
// and Ito (2008), made darker or lighter until they do. The page has them under the same names.
var colours = []Colour{
	{"grey", "444c52", "dbe1e4"}, {"orange", "cc8300", "f0b43c"}, {"blue", "0063a6", "4a9fe0"}, {"green", "00936c", "2fbf90"},
	{"vermillion", "c44300", "ee6c35"}, {"pink", "bd63a0", "e07fc4"}, {"sky", "3593cf", "93d0f5"}, {"ochre", "6b4000", "f4ee9a"},
}

// ColourOf is the colour that a strategy has in every picture and on the page: by its place in the tables, or by its
// letters where this version does not know it.
func ColourOf(name string) Colour {
	return colours[placeOf(name)%len(colours)]
}

// placeOf is a strategy's place among all. Those that this version does not know share the two behind.
func placeOf(name string) int {
	all := strategy.All()
	place := slices.IndexFunc(all, func(e strategy.Entry) bool { return e.Name == name })
	if place >= 0 {
		return place
	}
	letters := 0
	for _, r := range name {
		letters += int(r)
	}
	return len(all) + letters%2
}
