package input

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// passed is what the pictures are told to that become no frames: stale ones of a camera, and damaged ones.
type passed struct {
	*tally
	strict bool
}

// tally may be used by several goroutines.
type tally struct {
	count func(n int)  // in the client's ledger
	say   func(string) // at once

	mu      sync.Mutex
	damaged int
	first   error
	notes   []string
}

const maxNotes = 16

func newPassed(o Options) passed {
	l := &tally{count: o.Skipped, say: o.Say}
	if l.count == nil {
		l.count = func(int) {}
	}
	if l.say == nil {
		l.say = func(string) {}
	}
	return passed{l, o.Strict}
}

// skip counts pictures for which newer ones have come.
func (p passed) skip(n int) {
	if n > 0 {
		p.count(n)
	}
}

// over passes over a damaged picture, or returns the error where that is not wanted.
func (p passed) over(err error) error {
	if p.strict || !errors.As(err, new(damage)) {
		return err
	}
	p.count(1)
	p.mu.Lock()
	p.damaged++
	first := p.damaged == 1
	if first {
		p.first = err
	}
	p.mu.Unlock()
	if first {
		p.say(fmt.Sprintf("%v: skipped, as further ones will be", err))
	}
	return nil
}

// note says once, and in the report, what is out of the ordinary.
func (p passed) note(text string) {
	p.mu.Lock()
	known := slices.Contains(p.notes, text) || len(p.notes) == maxNotes
	if !known {
		p.notes = append(p.notes, text)
	}
	p.mu.Unlock()
	if !known {
		p.say(text)
	}
}

// all is what the report says of them.
func (p passed) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	notes := slices.Clone(p.notes)
	switch p.damaged {
	case 0:
	case 1:
		notes = append(notes, fmt.Sprintf("a damaged picture was skipped: %v", p.first))
	default:
		notes = append(notes, fmt.Sprintf("%d damaged pictures were skipped; the first: %v", p.damaged, p.first))
	}
	return notes
}
