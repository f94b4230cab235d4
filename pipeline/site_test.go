package pipeline

import (
	"context"
	"slices"
	"time"

	"tandem/strategy"
)

// site is a whole pipeline without wires: a fast node, and behind each hand-over one or more slow nodes, of which every
// one takes frames of all the nodes before it.
//
//	       ┌──▶ slow ──┐
//	fast ──┤           ├──▶ slow
//	       └──▶ slow ──┘
type site struct {
	plan
	levels   [][]*Stage // fast is the first
	aborts   [][]context.CancelFunc
	recorder *Recorder
	client   Ledger
	trail    Trail // the client's
}

// plan says how a site is built.
type plan struct {
	run    Run
	slow   []int // how many nodes there are behind each hand-over
	device func(level, i int) *fakeNet
	link   func(level, i int, to Sender) Hopper // the way to a slow node; nil: it is never down
	result func(Sender) Sender                  // the way to end; nil: it is never down
	adjust func(*StageConfig)                   // nil: stages are as usual
	entry  strategy.Entry
}

// oneSlow is the plan of the original, all of whose nodes are the same device.
func oneSlow(run Run, device func() *fakeNet) plan {
	return plan{run: run, slow: []int{1}, device: func(int, int) *fakeNet { return device() }}
}

// start starts all nodes, the last ones first.
func (p plan) start() *site {
	var err error
	if p.entry, err = strategy.Lookup(p.run.Strategy); err != nil {
		panic(err)
	}
	s := &site{plan: p, recorder: NewRecorder(p.run, time.Now())}
	s.levels, s.aborts = make([][]*Stage, 1+len(p.slow)), make([][]context.CancelFunc, 1+len(p.slow))
	for level := len(p.slow); level >= 0; level-- {
		nodes := 1
		if level > 0 {
			nodes = p.slow[level-1]
		}
		for i := range nodes {
			ctx, abort := context.WithCancel(context.Background())
			s.levels[level] = append(s.levels[level], StartStage(ctx, s.stage(level, i)))
			s.aborts[level] = append(s.aborts[level], abort)
		}
	}
	return s
}

// stage configures one node. Its layer has the number of its level.
func (s *site) stage(level, i int) StageConfig {
	layers := 1 + len(s.slow)
	role, from, to := "fast", level, level+1
	if level > 0 {
		role = "slow"
	}
	if s.entry.Whole {
		from, to = 0, layers
	}
	net := s.device(level, i)
	for l := from; l < to; l++ {
		net.resident[l] = true
	}
	c := StageConfig{
		ID: NodeID{role, address(level, i)}, Executor: net, Holding: Holding{from, to, net.Shapes},
		Cut: min(level+1, layers-1), Layers: layers, KeepTail: to == layers, Queue: 10, Window: 2,
		End: toRecorder(s.recorder), Failed: func(int, error) {}, Strategy: strategy.Finisher{},
	}
	if s.result != nil {
		c.End = s.result(c.End)
	}
	if level < len(s.slow) {
		c.Strategy, c.Keeps = s.entry.Start(strategy.Params{Tasks: s.run.Tasks, Loading: s.run.Load}), s.entry.Keeps
		for j, next := range s.levels[level+1] {
			to := toStage(next, s.entry.Keeps)
			if s.link == nil {
				c.Next = append(c.Next, up{to})
			} else {
				c.Next = append(c.Next, s.link(level+1, j, to))
			}
		}
	}
	if s.adjust != nil {
		s.adjust(&c)
	}
	return c
}

func address(level, i int) string { return string(rune('a'+level)) + string(rune('a'+i)) }

// play sends the run's frames on their beat and returns the report.
func (s *site) play() Report {
	for i := range s.run.Frames {
		s.send(i)
		time.Sleep(s.run.Interval)
	}
	return s.close()
}

// send sends one frame, as the client does.
func (s *site) send(id uint64) {
	to := s.levels[0][0]
	if s.entry.Whole {
		all := slices.Concat(s.levels...)
		to = all[id%uint64(len(all))]
	}
	s.client.Count(Received, 1)
	s.client.Count(Forwarded, 1)
	s.trail.Receive(id)
	s.trail.Hand(to.c.ID, to.c.Life, Frame{ID: id})
	f := Frame{ID: id, Shapes: [][]int{{1}}, Data: []float32{float32(id)}, Label: NoLabel, Since: time.Now()}
	if _, err := to.Offer([]Frame{f}, false); err != nil {
		panic(err)
	}
}

// kill stops a node at once: what was on it is gone, and its ledger too.
func (s *site) kill(level, i int) {
	s.aborts[level][i]()
	s.levels[level][i].Close()
	s.levels[level] = slices.Delete(s.levels[level], i, i+1)
}

// close closes all nodes, the first ones first, and returns the report.
func (s *site) close() Report {
	client := s.client.Entry(time.Now())
	client.Role = "client"
	s.trail.Tell(&client)
	entries := []Entry{client}
	for _, level := range s.levels {
		for _, stage := range level {
			entries = append(entries, stage.Close(entries...))
		}
	}
	return s.recorder.Close(time.Now(), Entry{NodeID: NodeID{Role: "end"}}, entries)
}
