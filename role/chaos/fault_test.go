//go:build slow

package chaos

import (
	"context"
	"sync"
	"syscall"
	"time"
)

// outage is a fault as it was played.
type outage struct {
	fault
	from, to time.Time
	back     *process // that stands for one that has ended; nil: none has
}

// play brings about what the schedule says, and mends it all, at the moments that it says. When the context ends no
// more faults begin. It returns what it has done.
func (s *site) play(ctx context.Context, faults schedule) []outage {
	began := time.Now()
	played := make([]outage, 0, len(faults)) // the goroutines write into it
	var playing sync.WaitGroup
	defer playing.Wait()
	for _, f := range faults {
		select {
		case <-time.After(time.Until(began.Add(f.at))):
		case <-ctx.Done():
			return played
		}
		s.faulty[f.node].Lock() // a machine that is busy may be late in mending the one before
		played = append(played, outage{fault: f, from: time.Now()})
		o := &played[len(played)-1]
		mend := s.inflict(f)
		playing.Go(func() {
			defer s.faulty[f.node].Unlock()
			time.Sleep(time.Until(began.Add(f.at + f.lasts)))
			o.back = mend()
			o.to = time.Now()
		})
	}
	return played
}

// inflict begins a fault, and returns what ends it.
func (s *site) inflict(f fault) (mend func() *process) {
	switch p := s.process(f.node); f.kind {
	case kill:
		p.kill()
		return func() *process { return s.start(f.node) }
	case restart:
		p.signal(syscall.SIGTERM)
		return func() *process {
			young := p.stderr.when(`"message":"ready"`).IsZero() // it may have had no time to hear the signal
			if !p.exits(patience) || p.code() != 0 && !young {
				s.t.Errorf("%s is told to stop, and does not, or not well: %s", p.name, p.dump())
			}
			return s.start(f.node)
		}
	case stop:
		p.signal(syscall.SIGSTOP)
		return func() *process { p.signal(syscall.SIGCONT); return nil }
	}
	begin, end := s.network.breaks(f)
	s.all(begin)
	return func() *process { s.all(end); return nil }
}

// soon is how long a run may do without a node that is ready again.
const soon = 2 * time.Second

// takenUp checks that each node that was started again soon has its part in the run, which lasted until the frames ended.
// Of one that came back while another was away, or had only just come back itself, nothing can be said, nor on a machine that was
// not steady.
func (s *site) takenUp(played []outage, frames time.Time, steady bool) {
	for _, o := range played {
		if o.back == nil {
			continue
		}
		ready := o.back.stderr.when(`"message":"ready"`)
		calm := steady && !ready.IsZero() && ready.Add(soon).Before(frames)
		for _, other := range played {
			calm = calm && (other == o || other.from.After(ready.Add(soon)) || other.to.Before(ready.Add(-soon)))
		}
		opened := o.back.stderr.when(`"message":"run opened"`)
		if took := opened.Sub(ready); calm && (opened.IsZero() || took > soon) {
			s.t.Errorf("%v: ready at %v, and back in the run at %v: %s", o.fault, ready, opened, o.back.stderr.text())
		} else if calm {
			s.t.Logf("%v: back in the run %v after it was ready", o.fault, took.Round(time.Millisecond))
		}
	}
}

func (s *site) all(commands []string) {
	for _, c := range commands {
		if out, err := run(c); err != nil {
			s.t.Errorf("%s: %v: %s", c, err, out)
		}
	}
}
