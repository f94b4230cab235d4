package plot

import (
	"fmt"
	"math"
	"slices"

	"github.com/go-analyze/charts/chartdraw/drawing"
)

// The colours of states, light enough for lines upon them.
var stateBands = []struct {
	state nodeState
	name  string
	color drawing.Color
}{
	{forwarding, "forwarding", drawing.ColorFromHex("d9d9d9")},
	{finishing, "finishing", drawing.ColorFromHex("7fc9b4")},
	{switching, "switching", drawing.ColorFromHex("222222")},
	{hopDown, "hop down", drawing.ColorFromHex("d55e00")},
}

// mostMarks of switches are drawn before they hide the rest.
const mostMarks = 40

// figure draws the queues, what was decided, the states, and what was refused.
func (c *course) figure() figure {
	end := c.end / 1000
	if end == 0 { // one decision at once
		end = 0.001
	}
	x := newAxis("time since the run began, s", 0, end, 10, false)
	x.to = max(end, x.ticks[len(x.ticks)-2].Value) // no empty time at the right
	if end < x.ticks[len(x.ticks)-1].Value {
		x.ticks = x.ticks[:len(x.ticks)-1]
	}
	fills, rates, refusals := c.fills(), c.rates(), c.refusals()
	if marks := c.switches(); len(marks) <= mostMarks {
		for i, at := range marks {
			mark := curve{color: grey, width: 1, dash: []float64{3, 3}, xs: []float64{at, at}, ys: []float64{0, refusals.y.to}}
			if i == 0 {
				mark.name = "switch done"
			}
			refusals.curves = append(refusals.curves, mark)
		}
	}
	return figure{x: x, panels: []panel{fills, rates, c.states(), refusals}}
}

// own is a curve of the node that is drawn: thin, so that those which it covers look out.
func (c *course) own(name string) curve { return curve{name: name, color: palette[0], width: 1.8} }

// apart is how many slow nodes are told apart.
const apart = 4

// slow is a curve of a slow node. What comes before its name is the same for all.
func (c *course) slow(what string, i int) curve {
	like := curve{color: palette[1+i%(len(palette)-1)], width: 4 - 0.5*float64(i)}
	switch n := len(c.queues); {
	case n == 1:
		like.name = what + "slow"
	case n <= apart:
		like.name = fmt.Sprintf("%sslow %d", what, i+1)
	default:
		like.color, like.width = palette[2], 1
		if i == 0 {
			like.name = fmt.Sprintf("%s%d slow nodes", what, n)
		}
	}
	return like
}

func (c *course) fills() panel {
	own := c.own(c.node)
	slow := make([]curve, len(c.queues))
	highest, full := float64(c.capacity), c.capacity
	for i := range slow {
		slow[i] = c.slow("", i)
		highest = max(highest, float64(c.queues[i]))
		if c.queues[i] != 0 && c.queues[i] != full {
			full = 0 // they differ
		}
	}
	for _, m := range c.moments {
		if m.lines == 0 {
			continue
		}
		at := m.time / m.lines / 1000
		own.xs, own.ys = append(own.xs, at), append(own.ys, m.backlog/m.lines)
		highest = max(highest, own.ys[len(own.ys)-1])
		for i := range slow {
			fill := math.NaN() // while it is down
			if i < len(m.slow) && m.slow[i].lines > 0 {
				n := m.slow[i]
				fill = n.length / n.lines
				highest = max(highest, fill)
			}
			slow[i].xs, slow[i].ys = append(slow[i].xs, at), append(slow[i].ys, fill)
		}
	}
	curves := append(slow, own)
	if full > 0 {
		level := float64(full)
		curves = append(curves, curve{name: "capacity", color: grey, width: 1.5, dash: []float64{6, 4}, xs: []float64{0, c.end / 1000}, ys: []float64{level, level}})
	}
	return panel{y: newAxis("queue, frames", 0, highest, 4, true), curves: curves}
}

// window is a stretch of moments in which rates are counted.
type rateWindow struct {
	from, to   int     // moments
	start, end float64 // s
}

// windows are long enough for some decisions in each.
func (c *course) windows() []rateWindow {
	n := min(max(c.decisions/5/max(1, len(c.queues)), 10), 80, len(c.moments))
	var all []rateWindow
	for i := range n {
		w := rateWindow{from: i * len(c.moments) / n, to: (i + 1) * len(c.moments) / n}
		w.start, w.end = float64(w.from)*c.moment/1000, min(float64(w.to)*c.moment, max(c.end, c.moment))/1000
		all = append(all, w)
	}
	return all
}

// perSecond draws steps of a count over the windows.
func (c *course) perSecond(like curve, count func([]moment) float64) curve {
	some := false
	for _, w := range c.windows() {
		n := count(c.moments[w.from:w.to])
		some = some || n > 0
		rate := n / (w.end - w.start)
		like.xs, like.ys = append(like.xs, w.start, w.end), append(like.ys, rate, rate)
	}
	if !some {
		return curve{}
	}
	return like
}

func added(of func(moment) float64) func([]moment) float64 {
	return func(moments []moment) (n float64) {
		for _, m := range moments {
			n += of(m)
		}
		return n
	}
}

// grown is by how much a count that only grows has grown.
func grown(of func(moment) float64) func([]moment) float64 {
	var before float64
	return func(moments []moment) float64 {
		now := before
		for _, m := range moments {
			now = max(now, of(m))
		}
		n := now - before
		before = now
		return n
	}
}

// heights makes a panel of curves that begin at 0. Those that have nothing to show are left out.
func heights(name string, curves []curve) panel {
	curves = slices.DeleteFunc(curves, func(c curve) bool { return len(c.xs) == 0 })
	highest := 1.0
	for _, c := range curves {
		highest = max(highest, slices.Max(c.ys))
	}
	return panel{y: newAxis(name, 0, highest, 4, false), curves: curves}
}

func (c *course) rates() panel {
	var curves []curve
	for i := range c.queues {
		like := c.slow("to ", i)
		if len(c.queues) == 1 {
			like.name = "forwarded"
		}
		curves = append(curves, c.perSecond(like, added(c.at(i, func(s slowMoment) float64 { return s.forwarded }))))
	}
	waits := curve{name: "waits", color: grey, width: 1.5, dash: []float64{3, 3}}
	curves = append(curves,
		c.perSecond(c.own("finished"), added(func(m moment) float64 { return m.finished })),
		c.perSecond(waits, added(func(m moment) float64 { return m.waited })))
	return heights("decisions a second", curves)
}

func (c *course) refusals() panel {
	var curves []curve
	for i := range c.queues {
		curves = append(curves, c.perSecond(c.slow("", i), grown(c.at(i, func(s slowMoment) float64 { return s.refused }))))
	}
	curves = append(curves, c.perSecond(c.own(c.node), grown(func(m moment) float64 { return m.refused })))
	return heights("refused a second", curves)
}

// at looks at one slow node, which not every moment knows.
func (c *course) at(i int, of func(slowMoment) float64) func(moment) float64 {
	return func(m moment) float64 {
		if i >= len(m.slow) {
			return 0
		}
		return of(m.slow[i])
	}
}

// switches are when the counter of switches has grown, in seconds.
func (c *course) switches() []float64 {
	var at []float64
	growth := grown(func(m moment) float64 { return m.switches })
	for i := range c.moments {
		if m := c.moments[i]; growth(c.moments[i:i+1]) > 0 {
			at = append(at, m.time/m.lines/1000)
		}
	}
	return at
}

// states is a strip of what the node did about overload. A state lasts until the next.
func (c *course) states() panel {
	strip := panel{y: axis{name: "state"}}
	end := c.end / 1000
	var all []band
	last := unknown
	var kinds []nodeState
	for i, m := range c.moments {
		s := last
		if m.state != unknown {
			s, last = m.state, m.lastState
		}
		start := min(float64(i)*c.moment/1000, end)
		if len(kinds) == 0 || kinds[len(kinds)-1] != s {
			all, kinds = append(all, band{from: start}), append(kinds, s)
		}
		all[len(all)-1].to = min(start+c.moment/1000, end)
	}
	for _, s := range stateBands {
		if slices.Contains(kinds, s.state) {
			strip.curves = append(strip.curves, curve{name: s.name, color: s.color, marker: block, size: 7})
		}
		for i, k := range kinds {
			if k == s.state {
				all[i].color = s.color
				strip.bands = append(strip.bands, all[i])
			}
		}
	}
	return strip
}
