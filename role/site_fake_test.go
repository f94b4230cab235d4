package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/strategy"
)

// fakeSite is a whole site in fake time, over a network in memory.
type fakeSite struct {
	t       *testing.T
	on      *memoryNetwork
	cfg     setup
	members []*member      // from the end of the pipeline to fast
	ended   sync.WaitGroup // of the processes that were killed, and checks
	cuts    []string       // of the client

	mu        sync.Mutex
	away      int
	disturbed int  // how often
	over      bool // the client's run

	telling sync.Mutex
	story   strings.Builder
}

// member is one node, in all its lives.
type member struct {
	setup
	name    string
	faulty  chan struct{} // holds one while nothing is wrong with it
	process *process
	server  *server // nil: the node has left
	late    bool    // it joins later
}

// quickSite is a configuration that is overloaded by one slow node, and has the shortest --idle.
func quickSite() setup {
	c := quick()
	c.Threads, c.Wait, c.Idle, c.Interval, c.Queue, c.Tasks = 1, 5*time.Second, 2*time.Second, 60*time.Millisecond, 5, 5
	c.Emulate = device.Emulation{Name: "test", Head: device.Always(5 * time.Millisecond), Tail: device.Always(90 * time.Millisecond), Load: device.Always(300 * time.Millisecond)}
	c.device = &device.Device{}
	return c
}

// newFakeSite starts end, so many slow nodes for each hand-over, and fast.
func newFakeSite(t *testing.T, c setup, slow ...int) *fakeSite {
	s := &fakeSite{t: t, on: newMemoryNetwork(), cfg: c}
	s.cfg.Log = zerolog.New(s)
	cuts := [][]string{{"2"}, {"2", "4"}}[len(slow)-1]
	end := s.add(options.End, "end", nil, "", nil)
	next := []string{end}
	for level, n := range slices.Backward(slow) {
		way := end
		if level == len(slow)-1 {
			way = ""
		}
		var these []string
		for i := range n {
			these = append(these, s.add(options.Slow, fmt.Sprintf("slow%d.%d", level, i), next, way, nil))
		}
		next = these
	}
	s.add(options.Fast, "fast", next, end, cuts)
	for _, m := range s.members {
		s.start(m)
	}
	return s
}

func (s *fakeSite) add(r options.Role, name string, next []string, end string, cuts []string) string {
	m := &member{setup: s.cfg, name: name, faulty: make(chan struct{}, 1)}
	m.faulty <- struct{}{}
	m.Role, m.Next, m.End, m.Cuts = r, next, end, cuts
	m.Listen = fmt.Sprintf("10.0.0.%d:12345", len(s.members)+1)
	s.members = append(s.members, m)
	return m.Listen
}

// Write is the log of the site.
func (s *fakeSite) Write(line []byte) (int, error) {
	s.telling.Lock()
	defer s.telling.Unlock()
	fmt.Fprintf(&s.story, "%v %s", time.Now().Format("05.000"), line)
	return len(line), nil
}

// start starts a node, again and again until it finds those below, as a system's service does.
func (s *fakeSite) start(m *member) {
	for {
		m.process = s.on.process(m.Listen)
		c := m.setup
		c.network = m.process
		c.Log = s.cfg.Log.With().Str("of", m.name).Logger()
		server, err := startNode(context.Background(), c, func(pipeline.Report) error { return nil })
		if err == nil {
			m.server = server
			return
		}
		if !errors.Is(err, pipeline.ErrUnreachable) && !errors.Is(err, pipeline.ErrStopping) {
			s.t.Errorf("%s does not start: %v", m.name, err)
			return
		}
		m.process.kill(false)
		time.Sleep(time.Second)
	}
}

// reap ends what is left of a process that was killed: nobody hears of it.
func (s *fakeSite) reap(m *member) {
	server := m.server
	s.ended.Go(func() {
		n := server.node
		n.mu.Lock()
		if r := n.run; r != nil {
			if p, ok := r.part.(*stagePart); ok {
				p.abort()
			}
		}
		n.mu.Unlock()
		_ = server.stop()
	})
}

// dies ends a node for good, as if its power were cut.
func (s *fakeSite) dies(m *member) {
	m.process.kill(true)
	s.reap(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	m.server = nil
}

// inflict makes a fault happen, and undoes it.
func (s *fakeSite) inflict(f fault, abrupt bool) {
	m := s.members[f.node]
	<-m.faulty
	defer func() { m.faulty <- struct{}{} }()
	s.disturb(1)
	back := time.Now().Add(f.lasts)
	fmt.Fprintf(s, "--- %s is %s\n", m.name, f.kind)
	switch f.kind {
	case stopped:
		if err := m.server.stop(); err != nil {
			s.t.Errorf("%s: %v", m.name, err)
		}
		m.process.kill(abrupt)
		fmt.Fprintf(s, "--- %s has stopped\n", m.name)
	case killed:
		m.process.kill(abrupt)
		s.reap(m)
	default:
		m.process.freeze(f.kind == unplug)
	}
	time.Sleep(time.Until(back))
	fmt.Fprintf(s, "--- %s comes back\n", m.name)
	switch f.kind {
	case frozen:
		m.process.thaw()
	case unplug:
		m.process.kill(true)
		s.reap(m)
		s.start(m)
	default:
		s.start(m)
	}
	fmt.Fprintf(s, "--- %s is back\n", m.name)
	s.disturb(-1)
}

// disturb takes note that one more node is away. When all are back each has to be used again.
func (s *fakeSite) disturb(more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away += more
	s.disturbed++
	if s.away > 0 {
		return
	}
	disturbed := s.disturbed
	before, parts := make([]int64, len(s.members)), make([]part, len(s.members))
	for i, m := range s.members {
		before[i], parts[i] = received(m.server)
	}
	s.ended.Go(func() {
		time.Sleep(usedTime)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.disturbed != disturbed || s.over {
			return
		}
		for i, m := range s.members {
			now, in := received(m.server)
			if in != parts[i] { // it has taken the run up again since, and counts from 0
				before[i] = 0
			}
			if in == nil || now <= before[i] {
				s.t.Errorf("%s is not used again: open %v, received %d, and %d before", m.name, in != nil, now, before[i])
				fmt.Fprintf(s, "--- %s is not used\n", m.name)
			}
		}
	})
}

// received is how many frames have come to a node in its run, and its part in that; nil: it has none.
func received(s *server) (frames int64, in part) {
	n := s.node
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil || n.run.part == nil || n.run.closing {
		return 0, nil
	}
	return n.run.part.status().Received, n.run.part
}

// client plays a run with so many frames.
func (s *fakeSite) client(e strategy.Entry, frames uint64) (pipeline.Report, error) {
	c := s.cfg
	c.Role, c.Strategy, c.Frames, c.Cuts = options.Client, e.Name, frames, s.cuts
	// Frames are dealt out in the order of the names: fast, slow0.0, slow0.1, …
	for _, m := range slices.SortedFunc(slices.Values(s.members), func(a, b *member) int { return strings.Compare(a.name, b.name) }) {
		if m.Role == options.Fast || e.Whole && m.Role == options.Slow && !m.late {
			c.Next = append(c.Next, m.Listen)
		}
	}
	p := s.on.process("10.0.0.100:12345")
	defer p.kill(false)
	c.network = p
	c.Log = s.cfg.Log.With().Str("of", "client").Logger()
	r, err := play(context.Background(), c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	return r, err
}

// stop stops all nodes from the beginning of the pipeline.
func (s *fakeSite) stop() {
	for _, m := range slices.Backward(s.members) {
		if m.server == nil {
			continue
		}
		if err := m.server.stop(); err != nil {
			s.t.Errorf("%s: %v", m.name, err)
		}
		m.process.kill(false)
	}
	s.ended.Wait()
	time.Sleep(time.Second) // what is on the way arrives
}
