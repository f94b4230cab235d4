//go:build slow

package chaos

import (
	"context"
	"sync"
	"syscall"
	"time"
)

// play brings about what the schedule says, and mends it all, at the moments that it says. When the context ends no
// more faults begin.
func (s *site) play(ctx context.Context, faults schedule) {
	began := time.Now()
	var playing sync.WaitGroup
	defer playing.Wait()
	for _, f := range faults {
		select {
		case <-time.After(time.Until(began.Add(f.at))):
		case <-ctx.Done():
			return
		}
		s.faulty[f.node].Lock() // a machine that is busy may be late in mending the one before
		mend := s.inflict(f)
		playing.Go(func() {
			defer s.faulty[f.node].Unlock()
			time.Sleep(time.Until(began.Add(f.at + f.lasts)))
			mend()
		})
	}
}

// inflict begins a fault, and returns what ends it.
func (s *site) inflict(f fault) (mend func()) {
	switch p := s.process(f.node); f.kind {
	case kill:
		p.kill()
		return func() { s.start(f.node) }
	case stop:
		p.signal(syscall.SIGSTOP)
		return func() { p.signal(syscall.SIGCONT) }
	}
	begin, end := s.network.breaks(f)
	s.all(begin)
	return func() { s.all(end) }
}

func (s *site) all(commands []string) {
	for _, c := range commands {
		if out, err := run(c); err != nil {
			s.t.Errorf("%s: %v: %s", c, err, out)
		}
	}
}
