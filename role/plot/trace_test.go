package plot

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func tracedLine(t *testing.T, to *traced, format string, args ...any) {
	t.Helper()
	line, err := parse[decision](fmt.Appendf(nil, format, args...))
	if err := errors.Join(err, to.take(line)); err != nil {
		t.Fatal(err)
	}
}

// A long run takes as much memory as a short one, and nothing is lost by that.
func TestTraceIsBounded(t *testing.T) {
	var all traced
	const frames = 50_000
	for i := range frames {
		decision := []string{"forward", "finish", "wait"}[i%3]
		tracedLine(t, &all, `{"run":"r","node":"fast","t_ms":%d,"decision":%q,"to":1,"state":"forwarding","backlog":4,"capacity":10,"refused":%d,"switches":%d,"slow":[{"up":true,"length":2,"queue":8},{"refused":%d}]}`,
			30*i, decision, i/10, i/1000, i/7)
	}
	c := all.drawn
	if len(c.moments) > mostMoments || len(c.moments) < mostMoments/2 {
		t.Errorf("%d moments", len(c.moments))
	}
	last := c.moments[len(c.moments)-1]
	shown := func(count func(moment) int64) (n float64) { // in all steps together
		steps := c.perSecond(curve{}, count)
		for i := 0; i < len(steps.xs); i += 2 {
			n += steps.ys[i] * (steps.xs[i+1] - steps.xs[i])
		}
		return math.Round(n)
	}
	steps := c.perSecond(curve{}, func(m moment) int64 { return m.finished })
	for name, got := range map[string][2]float64{
		"lines":      {float64(c.decisions), frames},
		"to slow 2":  {shown(func(m moment) int64 { return m.forwarded[1] }), (frames + 2) / 3},
		"finished":   {shown(func(m moment) int64 { return m.finished }), (frames + 1) / 3},
		"waited":     {shown(func(m moment) int64 { return m.waited }), frames / 3},
		"refused":    {shown(func(m moment) int64 { return m.Refused }), (frames - 1) / 10},
		"by slow 2":  {shown(func(m moment) int64 { return m.refused[1] }), (frames - 1) / 7},
		"switches":   {float64(len(c.switches())), 49},
		"end":        {last.AtMS, 30 * (frames - 1)},
		"end of all": {steps.xs[len(steps.xs)-1], 30 * (frames - 1) / 1000.0},
	} {
		if math.Abs(got[0]-got[1]) > 1e-9*got[1] {
			t.Errorf("%s: %v, want %v", name, got[0], got[1])
		}
	}
	fills := c.fills().curves
	for i, want := range []float64{2, math.NaN(), 4} {
		for _, y := range fills[i].ys {
			if y != want && !(math.IsNaN(y) && math.IsNaN(want)) {
				t.Fatalf("%s: %v, want %v", fills[i].name, y, want)
			}
		}
	}
}

func TestRunOfTraceIsChosen(t *testing.T) {
	for _, test := range []struct {
		wanted, node string
		backlog      float64
	}{
		{"", "fast", 3}, {"b", "fast", 3}, {"a", "slow", 1}, {"c", "", 0},
	} {
		all := traced{wanted: test.wanted}
		tracedLine(t, &all, `{"run":"a","node":"slow","decision":"forward","backlog":1}`)
		tracedLine(t, &all, `{"run":"a","node":"slower","decision":"forward","backlog":2}`)
		tracedLine(t, &all, `{"run":"b","node":"slow","decision":"forward","backlog":2}`)
		tracedLine(t, &all, `{"run":"b","node":"fast","decision":"forward","backlog":3}`)
		tracedLine(t, &all, `{"run":"a","node":"slow","decision":"forward","backlog":9}`) // late
		c := all.drawn
		switch {
		case test.node == "" && c != nil:
			t.Errorf("%q: %s is drawn", test.wanted, c.node)
		case test.node != "" && (c == nil || c.node != test.node || float64(c.moments[0].Backlog) != test.backlog):
			t.Errorf("%q: %+v, want %s with %v", test.wanted, c, test.node, test.backlog)
		}
	}
}

func TestStatesLastUntilTheNext(t *testing.T) {
	var all traced
	for _, line := range []struct {
		at    float64
		state string
	}{{0, "forwarding"}, {1000, "switching"}, {1600, "finishing"}, {2000, "new"}, {3000, "hop down"}, {4000, "forwarding"}} {
		tracedLine(t, &all, `{"run":"r","node":"fast","decision":"forward","t_ms":%v,"state":%q}`, line.at, line.state)
	}
	strip := all.drawn.states()
	want := []float64{0, 1, 4, 4, 1.6, 3, 1, 1.6, 3, 4} // from and to, by state
	var got []float64
	for _, b := range strip.bands {
		got = append(got, math.Round(b.from*10)/10, math.Round(b.to*10)/10)
	}
	if !slices.Equal(got, want) || len(strip.curves) != 4 {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestManySlowNodesAreDrawnAlike(t *testing.T) {
	for n, want := range map[int]string{1: "slow, fast", 2: "slow 1, slow 2, fast", 20: "20 slow nodes, fast"} {
		var all traced
		tracedLine(t, &all, `{"run":"r","node":"fast","decision":"forward","slow":[%s{"up":true}]}`, strings.Repeat(`{"up":true},`, n-1))
		var names []string
		for _, c := range all.drawn.fills().curves {
			if c.name != "" {
				names = append(names, c.name)
			}
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func FuzzPlotTrace(f *testing.F) {
	seeds(f, "testdata/trace.jsonl")
	f.Add(`{"run":"r","decision":"finish","t_ms":1e11,"slow":[{}]}`+"\n"+`{"run":"r","decision":"wait","state":"hop down"}`, "r")
	f.Fuzz(func(t *testing.T, text, run string) {
		fuzzed(t, Picture{Trace: "-", Run: run, Stdin: io.LimitReader(strings.NewReader(text), 1<<16)})
	})
}
