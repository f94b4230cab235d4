package simulate

import (
	"errors"
	"fmt"
	"time"

	"tandem/pipeline"
	"tandem/strategy"
)

// Play plays a plan and returns the report.
func Play(p Plan) (pipeline.Report, error) {
	reports, err := PlayTogether(p)
	if err != nil {
		return pipeline.Report{}, err
	}
	return reports[0], nil
}

// PlayTogether plays several pipelines at the same time, which may have uplinks in common, and returns a report of each.
func PlayTogether(plans ...Plan) ([]pipeline.Report, error) {
	c := &clock{now: epoch}
	reports, left := make([]pipeline.Report, len(plans)), len(plans)
	var limit time.Duration
	for i, p := range plans {
		if err := p.Validate(); err != nil {
			return nil, err
		}
		limit = max(limit, p.Limit)
		s := &simulation{clock: c, plan: p, values: make(map[int][]float32), over: func(r pipeline.Report) {
			reports[i] = r
			left--
		}}
		c.after(p.Start, s.begin)
	}
	for left > 0 && c.next() {
		if took := c.now.Sub(epoch); limit > 0 && took > limit {
			return nil, fmt.Errorf("the simulated run is not over after %s of its time", took)
		}
	}
	if left > 0 {
		return nil, errors.New("the simulated run does not end, though nothing is left to happen in it")
	}
	return reports, nil
}

// begin makes the nodes, and has the client open the run on them.
func (s *simulation) begin() {
	p := s.plan
	s.began = s.now
	s.entry, _ = strategy.Lookup(p.Run.Strategy)
	s.recorder = pipeline.NewRecorder(p.Run, s.now)
	s.end = &host{Host: p.End, alive: true, life: "end", offer: s.arrive}
	s.levels = make([][]*member, len(p.Levels))
	for level := len(p.Levels) - 1; level >= 0; level-- {
		for i := range p.Levels[level] {
			n := &p.Levels[level][i]
			m := &member{host: &host{Host: n.Host, alive: n.Joins == 0}, plan: n, level: level, late: n.Joins > 0}
			if m.late {
				s.after(n.Joins, func() { s.join(m) })
			}
			m.open = func(from *host, then func()) {
				s.openOn(from, m.host, func(answer func()) { s.open(m, answer) }, then)
			}
			s.levels[level] = append(s.levels[level], m)
		}
	}
	for _, f := range p.Faults {
		m := s.levels[f.Level][f.Node]
		s.after(f.At, func() {
			if f.Stopped {
				s.stop(m)
			} else {
				s.kill(m)
			}
		})
		if f.For > 0 {
			s.after(f.At+f.For, func() { s.back(m) })
		}
	}
	s.client = s.newClient()
	s.client.open(s.client.to)
}
