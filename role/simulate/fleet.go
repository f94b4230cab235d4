package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport/link"
)

// Fleet is the nodes of a run that was played: devices with the times that were measured on them, and links as they were
// emulated, or else as the calls over them have shown.
//
//	fast ──▶ slow nodes of the first level ──▶ those behind them ──▶ …
type Fleet struct {
	report  pipeline.Report
	fast    pipeline.Entry
	slow    [][]pipeline.Entry // by levels
	devices bool               // the user has named no other ones
	links   bool
	sizes   bool // the user has said nothing of how many there are
}

// FleetOf takes the nodes of a report. One without a strategy is made of a trace.
func FleetOf(r pipeline.Report) (*Fleet, error) {
	f := &Fleet{report: r, devices: true, links: true, sizes: true}
	var slow []pipeline.Entry
	for _, n := range r.Nodes {
		switch n.Role {
		case "fast":
			f.fast = n
		case "slow":
			slow = append(slow, n)
		}
	}
	e, err := strategy.Lookup(r.Strategy)
	switch {
	case err != nil && r.Strategy != "":
		return nil, err
	case e.Whole:
		return nil, fmt.Errorf("a run of %s says nothing of head and tail alone: take a run of another strategy", e.Name)
	case f.fast.Role == "" || len(slow) == 0:
		return nil, errors.New("it has no fast node, or no slow one")
	}
	f.slow = levels(f.fast, slow)
	if hand := max(1, len(r.Cuts)); len(f.slow) != hand {
		return nil, fmt.Errorf("it has %d cuts, and slow nodes for %d hand-overs: nodes are missing in it", hand, len(f.slow))
	}
	if f.fast.HeadMS == 0 || f.tail(0).TailMS == 0 {
		return nil, errors.New("it does not say what layers took: play the run with this version of tandem, and with frames that reach slow")
	}
	return f, nil
}

// levels sorts the slow nodes of a chain by who hands frames over to them. Those that nobody names are none of a chain.
func levels(from pipeline.Entry, slow []pipeline.Entry) (all [][]pipeline.Entry) {
	above := []pipeline.Entry{from}
	for len(slow) > 0 {
		var here, rest []pipeline.Entry
		for _, n := range slow {
			if slices.ContainsFunc(above, func(a pipeline.Entry) bool { return slices.Contains(a.Next, n.Address) }) {
				here = append(here, n)
			} else {
				rest = append(rest, n)
			}
		}
		if len(here) == 0 {
			if len(all) == 0 {
				return [][]pipeline.Entry{slow}
			}
			return all
		}
		all, above, slow = append(all, here), here, rest
	}
	return all
}

// Give adds what the report says to what the user has given, who has the last word.
func (f *Fleet) Give(given options.Given) {
	f.devices, f.links, f.sizes = len(given["emulate"]) == 0, len(given["link"]) == 0, len(given["slow-nodes"]) == 0
	say := func(name string, texts ...string) {
		if len(given[name]) == 0 && !slices.Contains(texts, "") && !slices.Contains(texts, "0") {
			given[name] = texts
		}
	}
	if f.report.Strategy == given.Last("strategy") || len(given["strategy"]) == 0 {
		say("strategy", f.report.Strategy)
		say("tasks", strconv.Itoa(f.report.Tasks)) // another strategy has its own
		say("load", f.report.Load)
	}
	cuts := f.report.Cuts
	if len(cuts) == 0 {
		cuts = []int{f.report.Cut}
	}
	var texts []string
	for _, cut := range cuts {
		texts = append(texts, strconv.Itoa(cut))
	}
	say("cut", texts...)
	say("frames", strconv.FormatInt(f.report.Frames, 10))
	say("interval", milliseconds(f.report.IntervalMS).String())
	say("queue", strconv.Itoa(f.fast.Places))
	say("slow-nodes", strconv.Itoa(len(f.slow[0])))
	say("wire", f.report.Wire)
}

// Unknown says what the run has not measured; empty: nothing is missing.
func (f *Fleet) Unknown() string {
	switch {
	case f == nil || !f.devices || f.fast.TailMS > 0:
		return ""
	case f.fast.Switches == 0:
		return "fast has finished no frame in that run: its tail is taken to be as long as slow's, and its switch to take no time or what --emulate said"
	}
	return "fast has finished no frame in that run: its tail is taken to be as long as slow's"
}

// of reports why a network is not that of the run.
func (f *Fleet) of(network string) error {
	if f == nil || f.report.Model == "" || f.report.Model == network {
		return nil
	}
	return fmt.Errorf("--like: the run was of the model %s, and this is %s: give its --model", f.report.Model, network)
}

// size is how many nodes there are behind a hand-over, where the user has not said it.
func (f *Fleet) size(level, said int) int {
	if f == nil || level == 0 || !f.sizes || level > len(f.slow) {
		return said
	}
	return len(f.slow[level-1])
}

// apply makes options those of one node, which sends so many bytes for a frame that it forwards.
func (f *Fleet) apply(o *options.Options, level, i, bytes int) {
	n := f.fast
	if level > 0 {
		these := f.slow[min(level, len(f.slow))-1]
		n = these[i%len(these)]
	}
	if f.devices {
		o.Emulate = f.device(n, level)
	}
	if f.links {
		o.Link = f.link(n, bytes)
	}
}

// tail is a slow node behind a level that says what its tail takes; the zero value: none does.
func (f *Fleet) tail(level int) pipeline.Entry {
	for _, these := range f.slow[min(level, len(f.slow)-1):] {
		for _, n := range these {
			if n.TailMS > 0 {
				return n
			}
		}
	}
	return pipeline.Entry{}
}

// device is a model of the device. One that has finished no frame has a tail as long as that of a slow one behind it.
func (f *Fleet) device(n pipeline.Entry, level int) device.Emulation {
	tail, spread := n.TailMS, n.TailSpreadMS
	if tail == 0 {
		as := f.tail(level)
		tail, spread = as.TailMS, as.TailSpreadMS
	}
	load := 0.0
	if n.Switches > 0 {
		load = n.SwitchMS / float64(n.Switches)
	}
	course := func(takes, spread float64) device.Course {
		return device.Course{{Takes: milliseconds(takes), Spread: min(milliseconds(takes), milliseconds(spread))}}
	}
	e := device.Emulation{Name: "as measured on " + n.NodeID.String(), Head: course(n.HeadMS, n.HeadSpreadMS), Tail: course(tail, spread), Load: course(load, 0)}
	if as, err := device.ParseEmulation(n.Emulate); err == nil {
		e.Draw = as.Draw
		if n.Switches == 0 {
			e.Load = as.Load
		}
	}
	return e
}

// link is a model of the link that a node sends over. Of a real one the round trip and the pace are known, on the last nodes as on
// fast: half the one is its delay, and the other the time for what is forwarded of a frame.
func (f *Fleet) link(n pipeline.Entry, bytes int) link.Shape {
	if n.Link != "" {
		if as, err := link.Parse(n.Link); err == nil {
			return as
		}
	}
	if n.RoundTripMS == 0 {
		n = f.fast
	}
	l := link.Shape{Name: "as measured", Delay: milliseconds(n.RoundTripMS) / 2}
	if pace := milliseconds(n.PaceMS); pace > time.Millisecond {
		l.Rate = min(1e10, max(1e4, 8*float64(bytes)/pace.Seconds()))
	}
	return l
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
