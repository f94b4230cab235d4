package link

import (
	"math/rand/v2"
	"time"
)

// Schedule is one connection's way over an emulated link without its bytes: when do how many arrive? Time comes in as an
// argument.
type Schedule struct{ line line }

// Schedule makes the way of one more connection.
func (u *Uplink) Schedule() *Schedule {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.made++
	return &Schedule{line{up: u, chance: rand.New(rand.NewPCG(u.seed, u.made))}}
}

// nothing stands for bytes of which only the number matters.
var nothing [64 << 10]byte

// Put adds bytes. The first that the link carries begin the run.
func (s *Schedule) Put(bytes int, now time.Time) {
	s.line.up.begin(now)
	for bytes > 0 {
		n := min(bytes, len(nothing))
		s.line.put(nothing[:n], now)
		bytes -= n
	}
}

// Advance moves the schedule to now. It returns how many bytes have arrived since, and when to call it again at the latest,
// which is never (zero) while nothing is under way.
func (s *Schedule) Advance(now time.Time) (arrived int, next time.Time) {
	data, next := s.line.advance(now)
	for _, d := range data {
		arrived += len(d)
	}
	return arrived, next
}
