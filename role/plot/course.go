package plot

import (
	"fmt"
	"math"
	"slices"

	"tandem/pipeline"
)

// stateColours are light enough for lines upon them.
var stateColours = map[pipeline.State]string{
	pipeline.Forwarding: "d9d9d9", pipeline.Finishing: "7fc9b4", pipeline.Switching: "222222", pipeline.HopDown: "d55e00",
}

// figure draws the queues, what was decided, the states, and what was refused.
func (c *course) figure() figure {
	x := newAxis("time since the run began, s", 0, max(c.end(), 0.001), 10, false)
	if ticks := x.ticks; c.end() < ticks[len(ticks)-1].Value { // no empty time at the right
		x.ticks = ticks[:len(ticks)-1]
		x.to = max(c.end(), ticks[len(ticks)-2].Value)
	}
	title := fmt.Sprintf("What %s did in run %s", c.node, short(c.run))
	return figure{title, c.caption(), x, nil, []panel{c.fills(), c.rates(), c.states(), c.refusals()}}
}

// caption says what a trace knows of the circumstances.
func (c *course) caption() string {
	last := c.last()
	text := fmt.Sprintf("%s, %s, queue of %d", counted(c.decisions, "decision"), counted(len(c.queues), "slow node"), c.capacity)
	if last.HeadMS > 0 { // an older version does not say
		text += fmt.Sprintf(", head %.3g ms, tail %.3g ms", last.HeadMS, last.TailMS)
	}
	return text
}

// end is in seconds.
func (c *course) end() float64 { return c.last().AtMS / 1000 }

// own is a curve of the node that is drawn: thin, so that those which it covers look out.
func (c *course) own(name string) curve { return curve{name: name, color: grey, width: 1.8} }

// apart is how many slow nodes are told apart.
const apart = 4

// slow is a curve of a slow node. What comes before its name is the same for all.
func (c *course) slow(what string, i int) curve {
	like := curve{name: fmt.Sprintf("%sslow %d", what, i+1), color: hex(colours[1+i%apart].Light), width: 4 - 0.5*float64(i)}
	switch n := len(c.queues); {
	case n == 1:
		like.name = what + "slow"
	case n > apart:
		like = curve{color: blue, width: 1}
		if i == 0 {
			like.name = fmt.Sprintf("%s%d slow nodes", what, n)
		}
	}
	return like
}

func (c *course) fills() panel {
	places := append(slices.Clone(c.queues), c.capacity)
	highest := float64(slices.Max(places))
	var curves []curve
	for i := range c.queues {
		curves = append(curves, c.over(c.slow("", i), func(m moment) float64 {
			if i >= len(m.Slow) || !m.Slow[i].Up {
				return math.NaN()
			}
			return float64(max(0, m.Slow[i].Length))
		}))
	}
	curves = append(curves, c.over(c.own(c.node), func(m moment) float64 { return float64(m.Backlog) }))
	if highest > 0 && slices.Min(places) == slices.Max(places) {
		curves = append(curves, curve{
			name: "capacity", color: rule, width: 1.5, dash: []float64{6, 4}, xs: []float64{0, c.end()}, ys: []float64{highest, highest},
		})
	}
	return heights("queue, frames", highest, true, curves)
}

// over draws a value that each moment has. Where it is no number, the curve is interrupted.
func (c *course) over(like curve, value func(moment) float64) curve {
	for _, m := range c.moments {
		like.xs, like.ys = append(like.xs, m.AtMS/1000), append(like.ys, value(m))
	}
	return like
}

// perSecond draws steps of a count that grows, over stretches long enough for some decisions in each. A count that
// stays 0 has no curve.
func (c *course) perSecond(like curve, count func(moment) int64) curve {
	n := min(max(c.decisions/5/max(1, len(c.queues)), 10), 80, len(c.moments))
	width := max(c.end(), 0.001) / float64(n)
	past, before := 0, int64(0)
	for i := range n {
		from, to := float64(i)*width, float64(i+1)*width
		now := before
		for ; past < len(c.moments) && (i == n-1 || c.moments[past].AtMS/1000 < to); past++ {
			now = max(before, count(c.moments[past]))
		}
		rate := float64(now-before) / width
		like.xs, like.ys = append(like.xs, from, to), append(like.ys, rate, rate)
		before = now
	}
	if before == 0 {
		return curve{}
	}
	return like
}

// heights makes a panel of curves that begin at 0. Those that have nothing to show are left out.
func heights(name string, highest float64, whole bool, curves []curve) panel {
	curves = slices.DeleteFunc(curves, func(c curve) bool { return len(c.xs) == 0 })
	for _, c := range curves {
		for _, y := range c.ys {
			if y > highest {
				highest = y
			}
		}
	}
	return panel{y: newAxis(name, 0, highest, 4, whole), curves: curves}
}

func (c *course) rates() panel {
	var curves []curve
	for i := range c.queues {
		like := c.slow("to ", i)
		if len(c.queues) == 1 {
			like.name = "forwarded"
		}
		curves = append(curves, c.perSecond(like, func(m moment) int64 { return m.forwarded[i] }))
	}
	waits := curve{name: "waits", color: rule, width: 1.5, dash: []float64{3, 3}}
	curves = append(curves,
		c.perSecond(c.own("finished"), func(m moment) int64 { return m.finished }),
		c.perSecond(waits, func(m moment) int64 { return m.waited }))
	return heights("decisions a second", 1, false, curves)
}

// mostMarks of switches are drawn before they hide the rest.
const mostMarks = 40

func (c *course) refusals() panel {
	var curves []curve
	for i := range c.queues {
		curves = append(curves, c.perSecond(c.slow("", i), func(m moment) int64 { return m.refused[i] }))
	}
	curves = append(curves, c.perSecond(c.own(c.node), func(m moment) int64 { return m.Refused }))
	one := heights("refused a second", 1, false, curves)
	if marks := c.switches(); len(marks) > 0 && len(marks) <= mostMarks {
		mark := curve{name: "switch done", color: rule, width: 1, dash: []float64{3, 3}}
		for _, at := range marks {
			mark.xs, mark.ys = append(mark.xs, at, at, at), append(mark.ys, 0, one.y.to, math.NaN())
		}
		one.curves = append(one.curves, mark)
	}
	return one
}

// switches are when the count of switches has grown, in seconds.
func (c *course) switches() []float64 {
	var at []float64
	before := int64(0)
	for _, m := range c.moments {
		if m.Switches > before {
			at, before = append(at, m.AtMS/1000), m.Switches
		}
	}
	return at
}

// states is a strip of what the node did about overload. A state lasts until the next.
func (c *course) states() panel {
	strip := panel{y: axis{name: "state"}}
	for _, state := range pipeline.States {
		like := curve{name: string(state), color: hex(stateColours[state]), marker: square, size: 7}
		before := len(strip.bands)
		for i, m := range c.moments {
			to := c.end()
			if i+1 < len(c.moments) {
				to = c.moments[i+1].from / 1000
			}
			switch {
			case m.State != state:
			case i > 0 && c.moments[i-1].State == state:
				strip.bands[len(strip.bands)-1].to = to
			default:
				strip.bands = append(strip.bands, band{m.from / 1000, to, like.color})
			}
		}
		if len(strip.bands) > before {
			strip.curves = append(strip.curves, like)
		}
	}
	return strip
}
