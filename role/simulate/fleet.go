package simulate

import (
	"errors"
	"fmt"
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
type Fleet struct {
	report  pipeline.Report
	fast    pipeline.Entry
	slow    []pipeline.Entry
	devices bool // the user has named no other ones
	links   bool
}

// FleetOf takes the nodes of a report.
func FleetOf(r pipeline.Report) (*Fleet, error) {
	f := &Fleet{report: r}
	for _, n := range r.Nodes {
		switch n.Role {
		case "fast":
			f.fast = n
		case "slow":
			f.slow = append(f.slow, n)
		}
	}
	switch e, err := strategy.Lookup(r.Strategy); {
	case err != nil:
		return nil, err
	case e.Whole:
		return nil, fmt.Errorf("a run of %s says nothing of head and tail alone: take a run of another strategy", e.Name)
	case f.fast.Role == "" || len(f.slow) == 0:
		return nil, errors.New("it has no fast node, or no slow one")
	case len(r.Cuts) > 1:
		return nil, errors.New("it is of a chain of slow nodes, of which it does not say which stands where: describe it by --cut and --emulate")
	case f.fast.HeadMS == 0 || f.slow[0].TailMS == 0:
		return nil, errors.New("it does not say what layers took: play the run with this version of tandem, and with frames that reach slow")
	}
	return f, nil
}

// give adds what the report says to what the user has given, who has the last word.
func (f *Fleet) give(given options.Given) {
	f.devices, f.links = len(given["emulate"]) == 0, len(given["link"]) == 0
	say := func(name, text string) {
		if len(given[name]) == 0 && text != "" && text != "0" {
			given[name] = []string{text}
		}
	}
	if f.report.Strategy == given.Last("strategy") || len(given["strategy"]) == 0 {
		say("strategy", f.report.Strategy)
		say("load", f.report.Load)
	}
	say("tasks", strconv.Itoa(f.report.Tasks))
	say("frames", strconv.FormatInt(f.report.Frames, 10))
	say("interval", milliseconds(f.report.IntervalMS).String())
	say("queue", strconv.Itoa(f.fast.Places))
	say("slow-nodes", strconv.Itoa(len(f.slow)))
	say("wire", f.report.Wire)
}

// apply makes options those of one node.
func (f *Fleet) apply(o *options.Options, level, i int) {
	n := f.fast
	if level > 0 {
		n = f.slow[i%len(f.slow)]
	}
	if f.devices {
		o.Emulate = f.device(n)
	}
	if f.links {
		o.Link = f.link(n)
	}
}

// device is a model of the device. One that has finished no frame has a tail as long as that of slow.
func (f *Fleet) device(n pipeline.Entry) device.Emulation {
	tail, spread := n.TailMS, n.TailSpreadMS
	if tail == 0 {
		tail, spread = f.slow[0].TailMS, f.slow[0].TailSpreadMS
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

// link is a model of the link that a node sends over. Of a real one the round trip and the pace are known: half the one is
// its delay, and the other the time for an activation.
func (f *Fleet) link(n pipeline.Entry) link.Shape {
	if n.Link != "" {
		if as, err := link.Parse(n.Link); err == nil {
			return as
		}
	}
	l := link.Shape{Name: "as measured", Delay: milliseconds(f.fast.RoundTripMS) / 2}
	if pace := milliseconds(f.fast.PaceMS); pace > time.Millisecond && n.Forwarded > 0 {
		l.Rate = min(1e10, max(1e4, 8*float64(n.Bytes)/float64(n.Forwarded)/pace.Seconds()))
	}
	return l
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
