package options

import (
	"strings"

	"github.com/xrash/smetrics"
)

// gone are settings of earlier versions, and what to use instead.
var gone = map[string]string{
	"mean":         "--preprocess mean=…",
	"std":          "--preprocess std=…",
	"layout":       "--preprocess layout=…",
	"emulate-slow": "--emulate …,slow:…",
	"calibrate":    "tandem inspect --calibrate",
}

// SuggestFlag ends an error about a flag that there is not.
func SuggestFlag(name string) string {
	if instead := gone[name]; instead != "" {
		return ": use " + instead + " instead"
	}
	var names []string
	for _, s := range Table(&Options{}) {
		names = append(names, "--"+s.Name)
	}
	return Suggest("--"+name, names)
}

// Suggest ends an error about a word that is unknown with the nearest one that is known, by the similarity of Jaro and
// Winkler; empty: none is near.
func Suggest(word string, known []string) string {
	const near = 0.75
	best, similarity := "", near
	for _, k := range known {
		if s := smetrics.JaroWinkler(strings.ToLower(word), strings.ToLower(k), 0.7, 4); s > similarity {
			best, similarity = k, s
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}
