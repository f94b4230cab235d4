package plot

import (
	"io"
	"slices"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// figure is a picture: panels above each other over a common horizontal axis. It is drawn with chartdraw instead of its parent
// package charts: the horizontal axes of that have categories, and are not to scale.
type figure struct {
	title, caption string
	x              axis
	legend         []curve // of all panels; none: each panel has its own beside its name
	panels         []panel
}

// panel is one chart. Without a vertical axis it is a strip.
type panel struct {
	y      axis
	curves []curve
	bands  []band
	cells  []cell
}

// cell is a box in a panel.
type cell struct {
	from, to, bottom, top float64
	color                 drawing.Color
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
	marginTop    = 12
	marginBottom = 62
	edge         = 12 // before texts that stand left of the axes
	nameHeight   = 30 // of a panel, above it
	tickHeight   = 32 // of the numbers under it
	stripHeight  = 22
	legendHeight = 27 // of one row

	titleSize = 22
	nameSize  = 17
	tickSize  = 16
)

var (
	hex  = drawing.ColorFromHex
	ink  = hex("222222")
	rule = hex("777777")
	grey = hex(colours[0].Light)
	blue = hex(colours[2].Light)

	faint = chartdraw.Style{StrokeColor: hex("dddddd"), StrokeWidth: 1}
)

func styleOf(size float64) chartdraw.Style {
	return chartdraw.Style{FontStyle: chartdraw.FontStyle{Font: chartdraw.GetDefaultFont(), FontSize: size, FontColor: ink}}
}

// textWidth leaves room for the font of who looks at an SVG, which may be wider than that of chartdraw.
func textWidth(r chartdraw.Renderer, text string, size float64) int {
	return chartdraw.Draw.MeasureText(r, text, styleOf(size)).Width() * 6 / 5
}

// formats are what a picture may be, by the suffix of its name.
var formats = map[string]chartdraw.RendererProvider{".svg": chartdraw.SVG, ".png": chartdraw.PNG}

// render writes the picture in the format of a file name's suffix.
func (f figure) render(format string, to io.Writer) error {
	r := formats[format](figureWidth, figureHeight)
	r.SetDPI(72) // a point is a pixel
	chartdraw.Draw.Box(r, chartdraw.NewBox(0, 0, figureWidth, figureHeight), chartdraw.Style{FillColor: drawing.ColorWhite})
	top := write(r, f.title, titleSize, marginTop)
	top = write(r, f.caption, tickSize, top) + 10
	if len(f.legend) > 0 {
		top = legend(r, f.legend, marginLeft, top)
	}
	gap := nameHeight + tickHeight
	if len(f.panels) > 2 { // only the last has numbers under it
		gap = nameHeight + 10
	}
	last, charts := len(f.panels)-1, len(slices.DeleteFunc(slices.Clone(f.panels), panel.strip))
	height := (figureHeight - marginBottom - top - nameHeight - gap*last - stripHeight*(len(f.panels)-charts)) / charts
	for i, one := range f.panels {
		box := chartdraw.NewBox(top+nameHeight, marginLeft, figureWidth-marginRight, top+nameHeight+height)
		if one.strip() {
			box.Bottom = box.Top + stripHeight
		}
		f.drawPanel(r, one, box, i == last)
		top = box.Bottom + gap - nameHeight
	}
	return r.Save(to)
}

// write writes a text in as many lines as it takes, in whatever font, and returns where the last one ends.
func write(r chartdraw.Renderer, text string, size float64, top int) int {
	for _, line := range chartdraw.Text.WrapFitWord(r, text, (figureWidth-2*edge)*5/6, styleOf(size)) {
		chartdraw.Draw.Text(r, line, edge, top+int(size), styleOf(size))
		top += int(1.4 * size)
	}
	return top
}

func (p panel) strip() bool { return len(p.y.ticks) == 0 }

func (f figure) drawPanel(r chartdraw.Renderer, one panel, box chartdraw.Box, last bool) {
	style, baseline := styleOf(nameSize), box.Top-14
	chartdraw.Draw.Text(r, one.y.name, edge, baseline, style)
	if len(f.legend) == 0 {
		legend(r, one.curves, edge+textWidth(r, one.y.name, nameSize)+30, baseline-tickSize+2)
	}
	x := f.x.scale(box.Width())
	for _, b := range one.bands {
		stretch := chartdraw.NewBox(box.Top, box.Left+x.Translate(b.from), box.Left+x.Translate(b.to), box.Bottom)
		chartdraw.Draw.Box(r, stretch, chartdraw.Style{FillColor: b.color})
	}
	if one.strip() {
		return
	}
	ticks := styleOf(tickSize)
	ticks.StrokeColor, ticks.StrokeWidth = rule, 1
	across := chartdraw.XAxis{TickStyle: ticks, GridMajorStyle: faint, GridMinorStyle: faint}
	marks := f.x.ticks
	if last {
		across.Name, across.NameStyle = f.x.name, style
	} else if len(f.panels) > 2 {
		marks = slices.Clone(marks)
		for i := range marks {
			marks[i].Label = ""
		}
	}
	across.Render(r, box, x, chartdraw.Style{}, marks)
	y := one.y.scale(box.Height())
	chartdraw.YAxis{AxisType: chartdraw.YAxisSecondary, TickStyle: ticks, GridMajorStyle: faint, GridMinorStyle: faint, Zero: chartdraw.GridLine{Style: chartdraw.Hidden()}}.
		Render(r, box, y, chartdraw.Style{}, one.y.ticks)
	for _, c := range one.cells {
		stretch := chartdraw.NewBox(box.Bottom-y.Translate(c.top), box.Left+x.Translate(c.from), box.Left+x.Translate(c.to), box.Bottom-y.Translate(c.bottom))
		chartdraw.Draw.Box(r, stretch, chartdraw.Style{FillColor: c.color})
	}
	for _, c := range one.curves {
		c.shade(r, box, x, y)
	}
	for _, c := range one.curves {
		c.draw(r, box, x, y)
	}
}
