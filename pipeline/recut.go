package pipeline

import (
	"fmt"
	"slices"
	"time"

	"tandem/strategy"
)

// A run may be cut anew while frames pass. A frame says itself how far it has been computed, so frames of an old and of the new
// cut need not be told apart: each node takes a frame from its next layer on to where the node hands over now.
//
//	         Welcome, Widen            Switch                 Narrow
//	one slice ──────▶ both slices in memory ──────▶ hands over at the new cut ──────▶ one slice
//	                  hands over at the old cut      and still takes frames of the old
//
// Widen reads beside the work. A frame that comes late is still computed: the layers are read again for it.

// Recut is where an open run is to be cut anew.
type Recut struct {
	Epoch int    // 1, 2, 3: a higher one holds; 0: there was none
	Cuts  []int  // as those of the run
	Go    bool   // every node has the layers for it
	Why   string // for people
}

// Recutting is how far a node, and all below it, are with a recut.
type Recutting struct {
	Epoch   int
	Ready   bool   // they have the layers
	Refused string // why they can't have them; empty: they can
}

// Recutted is that a run was cut anew, as reports have it.
type Recutted struct {
	AtS  float64 `json:"at_s"` // since the opening, in seconds
	Was  []int   `json:"was"`
	Cuts []int   `json:"cuts"`
	Why  string  `json:"why"`
}

// Validate reports cuts that are none. The error is ErrInvalidRun.
func (r Recut) Validate() error {
	if r.Epoch > 0 && len(r.Cuts) == 0 {
		return fmt.Errorf("%w: a recut names no cuts", ErrInvalidRun)
	}
	return Run{Cuts: r.Cuts}.Validate()
}

// Recut is the run from then on.
func (r Run) Recut(to Recut) Run {
	r.Cuts, r.Epoch = to.Cuts, to.Epoch
	return r
}

// Moved is the layer at which a node begins that began at one, or where the network ends, when the run's cuts become others.
func (r Run) Moved(layer int, cuts []int) int {
	if i, is := slices.BinarySearch(r.Cuts, layer); is && i < len(cuts) {
		return cuts[i]
	}
	return layer
}

// holding is what the station takes frames for.
func (s *Station) holding() Holding {
	s.intake.Lock()
	defer s.intake.Unlock()
	return s.c.Holding
}

// Welcome takes frames that an older or a newer cut has sent: from this layer on, and those that are beyond where this node hands
// over.
func (s *Station) Welcome(from int) {
	s.intake.Lock()
	defer s.intake.Unlock()
	s.c.Holding.From, s.c.Holding.To = min(from, s.c.Holding.From), s.c.Layers
}

// Widen makes the layers [from, to) resident beside the work, and returns when they are. No other goroutine may call it meanwhile.
func (s *Stage) Widen(from, to int) error {
	var missing []int
	if !s.ask(func() {
		s.wide = max(s.wide, to)
		for l := from; l < to; l++ {
			if !s.c.Executor.Resident(l, l+1) {
				missing = append(missing, l)
			}
		}
	}) || len(missing) == 0 {
		return nil
	}
	install, err := s.c.Executor.Prepare(missing[0], missing[len(missing)-1]+1)
	if err == nil {
		s.ask(func() { err = install() })
	}
	return err
}

// Switch hands over at another cut from now on, with a strategy that knows nothing of the old one. The last node, which hands
// over nothing, begins there.
func (s *Stage) Switch(cut int, how strategy.Strategy) {
	s.ask(func() {
		s.c.Cut, s.c.Strategy = cut, how
		s.recut = true
		s.timing.forget()
	})
}

// Narrow takes frames for the layers [from, to) alone, and gives the memory of the others back, but for a tail that is in use.
func (s *Stage) Narrow(from, to int) {
	s.ask(func() {
		s.intake.Lock()
		s.c.Holding.From = from
		s.intake.Unlock()
		s.wide = 0
		s.c.Executor.Drop(0, from)
		if s.forwards() && !s.c.KeepTail && !s.loading && !s.tailResident() {
			s.c.Executor.Drop(to, s.c.Layers)
		}
	})
}

// resident makes layers resident for a frame that has come late, after a recut.
func (s *Stage) resident(from, to int) error {
	if !s.recut || s.c.Executor.Resident(from, to) {
		return nil
	}
	return s.c.Executor.Load(from, to)
}

// forget begins to measure head and tail anew, as they are others now.
func (t *timing) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.service, t.head, t.tail, t.heads, t.tails = ewma{}, ewma{}, ewma{}, mean{}, mean{}
}

// expect takes in what each layer of a frame is expected to take.
func (t *timing) expect(layers []time.Duration) {
	t.until = make([]time.Duration, len(layers)+1)
	for i, l := range layers {
		t.until[i+1] = t.until[i] + l
	}
}

// slower takes note of what the layers [from, to) took beside what was expected. Call it with t.mu held.
func (t *timing) slower(took time.Duration, from, to int) {
	if to >= len(t.until) || t.until[to] <= t.until[from] {
		return
	}
	times := float64(took) / float64(t.until[to]-t.until[from])
	if t.slowdown == 0 {
		t.slowdown = times
	}
	t.slowdown += (times - t.slowdown) / 8
}
