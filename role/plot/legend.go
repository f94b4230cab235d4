package plot

import (
	"math"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// marker is the shape of a curve's points.
type marker struct {
	corners int     // 0: no marker
	turn    float64 // of the first corner, from the right, in quarters of a circle
	hollow  bool
}

// The shapes of markers. A circle has corners enough.
var (
	noMarker = marker{}
	circle   = marker{corners: 24}
	block    = marker{corners: 4, turn: 0.5}
	shapes   = []marker{circle, {corners: 4, turn: 0.5}, {corners: 3, turn: -1}, {corners: 4}, {corners: 3, turn: 1}}
)

// draw puts the marker's middle at a point.
func (m marker) draw(r chartdraw.Renderer, x, y int, size float64, color drawing.Color) {
	if m.corners == 0 {
		return
	}
	inside := color
	if m.hollow { // what it lies upon shows through
		inside = drawing.ColorTransparent
	}
	chartdraw.Style{FillColor: inside, StrokeColor: color, StrokeWidth: 2}.WriteDrawingOptionsToRenderer(r)
	defer r.ResetStyle()
	if m.corners == circle.corners {
		r.Circle(size, x, y)
		r.FillStroke()
		return
	}
	size *= 1.25 // as much area as the circle, about
	for i := range m.corners {
		angle := (m.turn/4 + float64(i)/float64(m.corners)) * 2 * math.Pi
		cx, cy := x+int(math.Round(size*math.Cos(angle))), y+int(math.Round(size*math.Sin(angle)))
		if i == 0 {
			r.MoveTo(cx, cy)
		} else {
			r.LineTo(cx, cy)
		}
	}
	r.Close()
	r.FillStroke()
}

// longestName lets two be in a row.
const longestName = 48

// drawLegend shows the curves that have a name, in as many rows as that takes.
func drawLegend(r chartdraw.Renderer, curves []curve, left, top int) (rows int) {
	const sample, gap, apart = 34, 7, 22
	style := styleOf(tickSize)
	x, rows := left, 1
	for _, c := range curves {
		if c.name == "" {
			continue
		}
		if runes := []rune(c.name); len(runes) > longestName {
			c.name = string(runes[:longestName-1]) + "…"
		}
		width := sample + gap + chartdraw.Draw.MeasureText(r, c.name, style).Width()
		if x > left && x+width > figureWidth-marginRight {
			x, rows, top = left, rows+1, top+legendHeight
		}
		box := rectangle(x, top, x+sample, top+tickSize)
		across, up := axis{to: 2}.scale(sample), axis{to: 2}.scale(tickSize)
		if len(c.dash) > 0 { // short enough to show that it is one
			c.dash = []float64{8, 5}
		}
		curve{color: c.color, width: c.width, dash: c.dash, xs: []float64{0, 2}, ys: []float64{1, 1}}.draw(r, box, across, up)
		curve{color: c.color, marker: c.marker, size: c.size, xs: []float64{1}, ys: []float64{1}}.draw(r, box, across, up)
		chartdraw.Draw.Text(r, c.name, x+sample+gap, top+tickSize-2, style)
		x += width + apart
	}
	return rows
}
