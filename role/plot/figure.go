package plot

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// figure is a picture: panels above each other over a common horizontal axis. It is drawn with chartdraw instead of its parent
// package charts: the horizontal axes of that have categories, and are not to scale.
type figure struct {
	title  string
	x      axis
	legend []curve // of all panels; none: each panel has its own beside its name
	panels []panel
}

// panel is one chart. Without a vertical axis it is a strip.
type panel struct {
	y      axis
	curves []curve
	bands  []band
}

// curve is points, the line through them, or both.
type curve struct {
	name   string // in the legend; empty: it is not there
	color  drawing.Color
	width  float64 // of the line; 0: none
	dash   []float64
	marker marker
	size   float64 // of the marker
	xs, ys []float64
}

// band is a stretch of the horizontal axis.
type band struct {
	from, to float64
	color    drawing.Color
}

// Sizes in pixels.
const (
	figureWidth  = 1000
	figureHeight = 700

	marginLeft   = 64
	marginRight  = 28
	marginTop    = 14
	marginBottom = 62
	nameHeight   = 30 // of a panel, above it
	tickHeight   = 32 // of the numbers under it
	stripHeight  = 22
	titleHeight  = 40
	legendHeight = 27 // of one row

	titleSize = 22
	nameSize  = 17
	tickSize  = 16
)

// Colours that are told apart by those who don't see all of them (Okabe and Ito, 2008, with yellow and black changed to
// stand out on white).
var (
	white   = drawing.ColorWhite
	ink     = drawing.ColorFromHex("222222")
	faint   = drawing.ColorFromHex("dddddd")
	grey    = drawing.ColorFromHex("777777")
	palette = []drawing.Color{
		drawing.ColorFromHex("444444"), drawing.ColorFromHex("e69f00"), drawing.ColorFromHex("0072b2"), drawing.ColorFromHex("009e73"),
		drawing.ColorFromHex("d55e00"), drawing.ColorFromHex("cc79a7"), drawing.ColorFromHex("56b4e9"), drawing.ColorFromHex("8a7a00"),
	}
)

func styleOf(size float64) chartdraw.Style {
	return chartdraw.Style{FontStyle: chartdraw.FontStyle{Font: chartdraw.GetDefaultFont(), FontSize: size, FontColor: ink}}
}

// render writes the picture in the format of a file name's suffix.
func (f figure) render(format string, to io.Writer) error {
	var r chartdraw.Renderer
	switch format {
	case ".svg":
		r = chartdraw.SVG(figureWidth, figureHeight)
	case ".png":
		r = chartdraw.PNG(figureWidth, figureHeight)
	default:
		return fmt.Errorf("pictures are not drawn as %q", format)
	}
	r.SetDPI(72) // a point is a pixel
	f.draw(r)
	return r.Save(to)
}

func (f figure) draw(r chartdraw.Renderer) {
	fill(r, rectangle(0, 0, figureWidth, figureHeight), white)
	top := marginTop
	if f.title != "" {
		style := styleOf(titleSize)
		width := chartdraw.Draw.MeasureText(r, f.title, style).Width()
		chartdraw.Draw.Text(r, f.title, (figureWidth-width)/2, top+titleSize, style)
		top += titleHeight
	}
	if len(f.legend) > 0 {
		top += legendHeight * drawLegend(r, f.legend, marginLeft, top)
	}
	gap := nameHeight + tickHeight
	if len(f.panels) > 2 { // only the last has numbers under it
		gap = nameHeight + 10
	}
	height := figureHeight - marginBottom - top - nameHeight - gap*(len(f.panels)-1) // shared out among those with an axis
	charts := 0
	for _, one := range f.panels {
		if one.strip() {
			height -= stripHeight
		} else {
			charts++
		}
	}
	top += nameHeight
	for i, one := range f.panels {
		box := rectangle(marginLeft, top, figureWidth-marginRight, top+stripHeight)
		if !one.strip() {
			box.Bottom = top + height/charts
		}
		f.drawPanel(r, one, box, i == len(f.panels)-1)
		top = box.Bottom + gap
	}
}

func (p panel) strip() bool { return len(p.y.ticks) == 0 }

func (f figure) drawPanel(r chartdraw.Renderer, one panel, box chartdraw.Box, last bool) {
	style := styleOf(nameSize)
	baseline := box.Top - 14
	chartdraw.Draw.Text(r, one.y.name, box.Left-marginLeft+12, baseline, style)
	if len(f.legend) == 0 {
		after := box.Left - marginLeft + 12 + chartdraw.Draw.MeasureText(r, one.y.name, style).Width() + 30
		drawLegend(r, one.curves, after, baseline-tickSize+2)
	}
	x := f.x.scale(box.Width())
	for _, b := range one.bands {
		fill(r, rectangle(box.Left+x.Translate(b.from), box.Top, box.Left+x.Translate(b.to), box.Bottom), b.color)
	}
	lines := chartdraw.Style{StrokeColor: grey, StrokeWidth: 1}
	ticks := styleOf(tickSize)
	ticks.StrokeColor, ticks.StrokeWidth = grey, 1
	across := chartdraw.XAxis{TickStyle: ticks, GridLines: grid(f.x), GridMajorStyle: lines}
	marks := f.x.ticks
	if last {
		across.Name, across.NameStyle = f.x.name, style
	} else if len(f.panels) > 2 {
		marks = slices.Clone(marks)
		for i := range marks {
			marks[i].Label = ""
		}
	}
	if one.strip() {
		return
	}
	across.Render(r, box, x, chartdraw.Style{}, marks)
	y := one.y.scale(box.Height())
	chartdraw.YAxis{AxisType: chartdraw.YAxisSecondary, TickStyle: ticks, GridLines: grid(one.y), Zero: noLine, GridMajorStyle: lines}.
		Render(r, box, y, chartdraw.Style{}, one.y.ticks)
	for _, c := range one.curves {
		c.draw(r, box, x, y)
	}
}

var noLine = chartdraw.GridLine{Style: chartdraw.Hidden()}

// grid is a faint line at each tick.
func grid(a axis) []chartdraw.GridLine {
	var lines []chartdraw.GridLine
	for _, t := range a.ticks {
		lines = append(lines, chartdraw.GridLine{Value: t.Value, Style: chartdraw.Style{StrokeColor: faint, StrokeWidth: 1}})
	}
	return lines
}

func rectangle(left, top, right, bottom int) chartdraw.Box {
	return chartdraw.Box{Left: left, Top: top, Right: right, Bottom: bottom, IsSet: true}
}

func fill(r chartdraw.Renderer, box chartdraw.Box, color drawing.Color) {
	chartdraw.Draw.Box(r, box, chartdraw.Style{FillColor: color})
}

// draw interrupts the line where a value is no number.
func (c curve) draw(r chartdraw.Renderer, box chartdraw.Box, x, y chartdraw.Range) {
	style := chartdraw.Style{StrokeColor: c.color, StrokeWidth: c.width, StrokeDashArray: c.dash}
	for from := 0; from < len(c.xs); {
		to := from
		for to < len(c.xs) && !math.IsNaN(c.ys[to]) {
			to++
		}
		if to-from > 1 && c.width > 0 {
			chartdraw.ContinuousSeries{XValues: c.xs[from:to], YValues: c.ys[from:to]}.Render(r, box, x, y, style)
		}
		from = to + 1
	}
	for i := range c.xs {
		if !math.IsNaN(c.ys[i]) {
			c.marker.draw(r, box.Left+x.Translate(c.xs[i]), box.Bottom-y.Translate(c.ys[i]), c.size, c.color)
		}
	}
}
