package plot

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-analyze/charts/chartdraw/drawing"

	"tandem/strategy"
)

func TestColoursAndShapesDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range colours {
		for _, one := range []string{c.Name, c.Light, c.Dark} {
			if seen[one] {
				t.Errorf("colour %s is there twice", one)
			}
			seen[one] = true
		}
	}
	for i, s := range shapes {
		if slices.Contains(shapes[:i], s) {
			t.Errorf("shape %d is there twice", i)
		}
	}
}

// A strategy has one colour, whatever is drawn beside it.
func TestColoursOfStrategies(t *testing.T) {
	seen := make(map[Colour]bool)
	for _, e := range strategy.All() {
		seen[ColourOf(e.Name)] = true
	}
	if all := len(strategy.All()); len(seen) != min(all, len(colours)) {
		t.Errorf("%d strategies have %d colours", all, len(seen))
	}
	if c := ColourOf("not yet known"); seen[c] || c != ColourOf("not yet known") {
		t.Errorf("%v", c)
	}
}

// The page has the same colours, by their names.
func TestPageHasTheColours(t *testing.T) {
	css, err := os.ReadFile("../monitor/web/page.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range colours {
		for _, want := range []string{
			fmt.Sprintf("--%s: light-dark(#%s, #%s);", c.Name, c.Light, c.Dark), fmt.Sprintf(".%s { color: var(--%s); }", c.Name, c.Name),
		} {
			if !strings.Contains(string(css), want) {
				t.Errorf("%q is missing in page.css", want)
			}
		}
	}
}

// By the contrast of WCAG 2.2, section 1.4.11.
func TestColoursStandOut(t *testing.T) {
	luminance := func(c drawing.Color) (l float64) {
		for i, v := range []uint8{c.R, c.G, c.B} {
			l += []float64{0.2126, 0.7152, 0.0722}[i] * math.Pow((float64(v)/255+0.055)/1.055, 2.4)
		}
		return l
	}
	contrast := func(a, b string) float64 {
		l, m := luminance(hex(a)), luminance(hex(b))
		return (max(l, m) + 0.05) / (min(l, m) + 0.05)
	}
	for _, c := range colours {
		if on, dark := contrast(c.Light, "ffffff"), contrast(c.Dark, "181d21"); on < 3 || dark < 3 {
			t.Errorf("%s stands out by %.1f and %.1f", c.Name, on, dark)
		}
	}
}
