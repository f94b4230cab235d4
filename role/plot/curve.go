package plot

import (
	"math"
	"slices"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// curve is points, the line through them, or both.
type curve struct {
	name   string // in the legend; empty: it is not there
	color  drawing.Color
	width  float64 // of the line; 0: none
	dash   []float64
	marker marker
	size   float64 // of the marker; 0: none
	xs, ys []float64
	low    []float64 // of the band around the line, and its top; none: there is no band
	high   []float64
}

// marker is the shape of a curve's points. chartdraw has dots only.
type marker struct {
	corners int     // 0: a circle
	turn    float64 // of the first corner, from the right, in quarters of a circle
	hollow  bool
}

var (
	square = marker{corners: 4, turn: 0.5}
	shapes = []marker{{}, square, {corners: 3, turn: -1}, {corners: 4}, {corners: 3, turn: 1}}
)

// shade fills the band between what the medians lie between.
func (c curve) shade(r chartdraw.Renderer, box chartdraw.Box, x, y chartdraw.Range) {
	if len(c.low) < 2 {
		return
	}
	chartdraw.Style{FillColor: c.color.WithAlpha(48), StrokeColor: drawing.ColorTransparent}.WriteDrawingOptionsToRenderer(r)
	defer r.ResetStyle()
	at := func(i int, v float64) (int, int) { return box.Left + x.Translate(c.xs[i]), box.Bottom - y.Translate(v) }
	r.MoveTo(at(0, c.low[0]))
	for i, v := range c.low[1:] {
		r.LineTo(at(i+1, v))
	}
	for i, v := range slices.Backward(c.high) {
		r.LineTo(at(i, v))
	}
	r.Close()
	r.Fill()
}

// draw interrupts the line where a value is no number.
func (c curve) draw(r chartdraw.Renderer, box chartdraw.Box, x, y chartdraw.Range) {
	style := chartdraw.Style{StrokeColor: c.color, StrokeWidth: c.width, StrokeDashArray: c.dash}
	for from := 0; from < len(c.xs); {
		to := from
		for to < len(c.xs) && !math.IsNaN(c.ys[to]) {
			to++
		}
		if to-from > 1 {
			chartdraw.ContinuousSeries{XValues: c.xs[from:to], YValues: c.ys[from:to]}.Render(r, box, x, y, style)
		}
		from = to + 1
	}
	for i := range c.xs {
		if c.size > 0 && !math.IsNaN(c.ys[i]) {
			c.mark(r, box.Left+x.Translate(c.xs[i]), box.Bottom-y.Translate(c.ys[i]))
		}
	}
}

// mark puts the marker's middle at a point.
func (c curve) mark(r chartdraw.Renderer, x, y int) {
	style := chartdraw.Style{FillColor: c.color, StrokeColor: c.color, StrokeWidth: 2}
	if c.marker.hollow { // what it lies upon shows through
		style.FillColor = drawing.ColorTransparent
	}
	style.WriteDrawingOptionsToRenderer(r)
	defer r.ResetStyle()
	if c.marker.corners == 0 {
		r.Circle(c.size, x, y)
	}
	for i := range c.marker.corners {
		radius := 1.25 * c.size // as much area as the circle, about
		sin, cos := math.Sincos((c.marker.turn/4 + float64(i)/float64(c.marker.corners)) * 2 * math.Pi)
		to := r.LineTo
		if i == 0 {
			to = r.MoveTo
		}
		to(x+int(math.Round(radius*cos)), y+int(math.Round(radius*sin)))
	}
	if c.marker.corners > 0 {
		r.Close()
	}
	r.FillStroke()
}

// legend shows the curves that have a name, in as many rows as that takes, and returns where the last one ends.
func legend(r chartdraw.Renderer, curves []curve, left, top int) int {
	const sample, gap, apart = 34, 7, 22
	at := left
	for _, c := range curves {
		if c.name == "" {
			continue
		}
		width := sample + gap + textWidth(r, c.name, tickSize)
		if at > left && at+width > figureWidth-marginRight {
			at, top = left, top+legendHeight
		}
		line, middle := c, top+tickSize/2
		line.xs, line.ys, line.size = []float64{0, 1}, []float64{0, 0}, 0
		if len(c.dash) > 0 && c.dash[0] > 10 { // short enough to show that it is one
			line.dash = []float64{8, 5}
		}
		line.draw(r, chartdraw.NewBox(middle, at, at+sample, middle), axis{to: 1}.scale(sample), axis{to: 1}.scale(0))
		if c.size > 0 {
			c.mark(r, at+sample/2, middle)
		}
		chartdraw.Draw.Text(r, c.name, at+sample+gap, top+tickSize-2, styleOf(tickSize))
		at += width + apart
	}
	return top + legendHeight
}
