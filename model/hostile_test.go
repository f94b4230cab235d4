package model

import (
	"math"
	"strings"
	"testing"
)

// Attributes that no network has are refused, and nothing is allocated for them.
func TestHostileWindows(t *testing.T) {
	huge := int64(math.MaxInt64)
	in := []bytesOf{info("x", 1, 1, 4, 4)}
	w := weights("w", []int64{1, 1, 2, 2}, 1, 2, 3, 4)
	for about, attributes := range map[string][]bytesOf{
		"pads":            {intsAttr("pads", huge, huge, huge, huge)},
		"large pads":      {intsAttr("pads", 1<<23, 1<<23, 1<<23, 1<<23)},
		"negative pads":   {intsAttr("pads", -1, -1, -1, -1)},
		"strides of 0":    {intsAttr("strides", 0, 0)},
		"strides":         {intsAttr("strides", huge)},
		"dilations":       {intsAttr("dilations", huge, 1<<24)},
		"large dilations": {intsAttr("dilations", 1<<24, 1<<24), intsAttr("pads", 1<<24, 1<<24, 1<<24, 1<<24)},
		"kernel":          {intsAttr("kernel_shape", huge, huge)},
		"no group":        {intAttr("group", 0)},
		"groups":          {intAttr("group", huge)},
		"auto_pad":        {stringAttr("auto_pad", "NONE")},
	} {
		for _, g := range []graph{
			{nodes: []bytesOf{apply("Conv", "y", []string{"x", "w"}, attributes...)}, initializers: []bytesOf{w}, in: in},
			{nodes: []bytesOf{apply("AveragePool", "y", []string{"x"}, append(attributes, intsAttr("kernel_shape", 2, 2))...)}, in: in},
		} {
			file := g.file()
			var err error
			if got := allocated(func() { _, err = open(t, file) }); got > allowance(len(file)) {
				t.Errorf("%s: allocated %d", about, got)
			}
			if err == nil && !strings.Contains(about, "group") && about != "kernel" {
				t.Errorf("%s: accepted", about)
			}
		}
	}
}
