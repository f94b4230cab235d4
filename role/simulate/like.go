package simulate

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"tandem/pipeline"
)

// What --like and --compare read: the last report of a file, or, for --like, the decisions of the last run in a trace.

// lines calls take for each line of a file that is not empty.
func lines(path string, take func(text string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	all := bufio.NewScanner(file)
	all.Buffer(nil, 64<<20)
	for all.Scan() {
		if text := strings.TrimSpace(all.Text()); text != "" {
			if err := take(text); err != nil {
				return err
			}
		}
	}
	return all.Err()
}

// lastReport reads the last report of a file.
func lastReport(path string) (r pipeline.Report, err error) {
	last := ""
	err = lines(path, func(text string) error {
		last = text
		return nil
	})
	if err == nil {
		err = json.Unmarshal([]byte(last), &r)
	}
	if err == nil && r.Strategy == "" {
		err = errors.New("it has no strategy")
	}
	if err != nil {
		return r, fmt.Errorf("%s is no report of tandem --format json: %w", path, err)
	}
	return r, nil
}

// fleetIn is the fleet of a report or a trace.
func fleetIn(path string) (*Fleet, error) {
	t, is, err := readTrace(path)
	if err != nil {
		return nil, err
	}
	if is {
		return FleetOf(t.report())
	}
	r, err := lastReport(path)
	if err != nil {
		return nil, err
	}
	return FleetOf(r)
}

// FleetOfTrace takes the nodes of the last run in a trace: fast, and those that it forwards to.
func FleetOfTrace(path string) (*Fleet, error) {
	t, is, err := readTrace(path)
	if err == nil && !is {
		err = fmt.Errorf("%s is no trace", path)
	}
	if err != nil {
		return nil, err
	}
	return FleetOf(t.report())
}

// decisions are those of one run, and what they tell of the nodes.
type decisions struct {
	run         string
	first, last pipeline.Decided
	head, tail  average
	service     []average // of the slow nodes
	roundTrip   average
	pace        average
	load        average
	since       *pipeline.Decided // when the tail that is not resident yet was asked for; nil: it was not
}

// average is the mean of the figures that are known.
type average struct {
	sum float64
	n   int
}

func (a *average) add(ms float64) {
	if ms > 0 {
		a.sum += ms
		a.n++
	}
}

func (a average) mean() float64 { return a.sum / float64(max(1, a.n)) }

// readTrace reads the last run of a trace, as fast saw it. It reports whether the file is one.
func readTrace(path string) (t decisions, is bool, err error) {
	err = lines(path, func(text string) error {
		var line struct {
			Run string `json:"run"`
			pipeline.Decided
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Decision == "" {
			if is {
				return fmt.Errorf("%s has a line that is no decision: %.60q", path, text)
			}
			return errNoTrace
		}
		if is = true; line.Node != "fast" {
			return nil
		}
		if line.Run != t.run {
			t = decisions{run: line.Run, first: line.Decided, service: make([]average, len(line.Slow))}
		}
		t.add(line.Decided)
		return nil
	})
	if errors.Is(err, errNoTrace) {
		err = nil
	}
	return t, is, err
}

var errNoTrace = errors.New("it is no trace")

func (t *decisions) add(d pipeline.Decided) {
	t.last = d
	t.head.add(d.HeadMS)
	t.tail.add(d.TailMS)
	for i, s := range d.Slow {
		if i == len(t.service) { // it has joined
			t.service = append(t.service, average{})
		}
		t.service[i].add(s.ServiceMS)
		t.roundTrip.add(s.RoundTripMS)
		t.pace.add(s.PaceMS)
	}
	switch asked := d.Loading || d.State == pipeline.Switching; {
	case t.since == nil && asked && !d.Resident:
		t.since = &d
	case t.since != nil && d.Resident:
		took := d.AtMS - t.since.AtMS
		if !t.since.Loading { // on the stage loop, which has finished a frame then
			took -= t.head.mean() + t.tail.mean()
		}
		t.load.add(took)
		t.since = nil
	}
}

// report is what a report says of the nodes: of times the means of what was smoothed, without a spread.
func (t *decisions) report() (r pipeline.Report) {
	r.Frames = int64(t.last.Frame) + 1
	if frames := t.last.Frame - t.first.Frame; frames > 0 {
		r.IntervalMS = (t.last.AtMS - t.first.AtMS) / float64(frames)
	}
	fast := pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast"}}
	fast.Switches, fast.SwitchMS = int64(t.load.n), t.load.sum
	fast.Measured = pipeline.Measured{
		Places: t.last.Capacity, HeadMS: t.head.mean(), TailMS: t.tail.mean(), RoundTripMS: t.roundTrip.mean(), PaceMS: t.pace.mean(),
	}
	r.Nodes = append(r.Nodes, fast)
	for i, s := range t.service {
		slow := pipeline.Entry{NodeID: pipeline.NodeID{Role: "slow", Address: fmt.Sprint(i + 1)}}
		slow.TailMS = s.mean()
		r.Nodes = append(r.Nodes, slow)
	}
	return r
}
