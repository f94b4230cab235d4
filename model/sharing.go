package model

import (
	"slices"
	"time"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// sharing says for one node whether it is shared out over the team. Waking a
// parked thread costs more than a small kernel does, so it is measured, once for
// each node, with threads that are awake and with parked ones.
type sharing struct {
	measured  bool
	one, more gain // for one frame, and for a batch
}

// gain says when sharing a node out is faster.
type gain struct{ awake, parked bool }

var always = gain{true, true}

// threads is the team for a node where sharing it out is faster, or nil. Behind
// another node that was shared, and at frames that follow one another closely,
// its threads are awake, or worth being woken for the next one.
func (e *Executor) threads(node, frames int) *f32.Team {
	if e.team == nil || node < 0 {
		return nil
	}
	g := e.sharing[node].one
	if frames > 1 {
		g = e.sharing[node].more
	}
	if g.parked || g.awake && e.busy {
		e.busy = true
		return e.team
	}
	return nil
}

// choose measures the nodes of the layers [from, to) that have not been.
func (e *Executor) choose(from, to int) error {
	if e.team == nil || e.team.Threads() == 1 || from == to {
		return nil
	}
	p, err := e.plan(from, to)
	if err != nil {
		return err
	}
	held := slices.Clone(e.results) // of the last Run: they stay valid
	defer func() { copy(e.results, held) }()
	for i := range p.steps {
		s := &p.steps[i]
		if _, ok := s.kernel.(op.Shared); !ok || e.sharing[s.node].measured {
			continue
		}
		sharing := &e.sharing[s.node]
		sharing.measured = true
		if sharing.one, err = e.gains(s, 1); err != nil {
			return err
		}
		if e.batch > 1 && s.joint {
			if sharing.more, err = e.gains(s, e.batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// gains measures how much faster the team computes a step than one thread. The
// ways take turns, so that all meet the same noise.
func (e *Executor) gains(s *step, frames int) (gain, error) {
	const (
		rounds = 9
		least  = 3                     // rounds, when they take long
		budget = 60 * time.Millisecond // for all rounds
		enough = 1.15                  // below it the other threads are better left to other work
	)
	sharing := &e.sharing[s.node]
	was := *sharing
	defer func() { *sharing = was }()
	var alone, parked, awake []time.Duration
	for start := time.Now(); len(awake) < rounds && (len(awake) < least || time.Since(start) < budget); {
		for _, way := range []struct {
			gain  gain
			rest  time.Duration
			times *[]time.Duration
		}{
			{gain{}, 0, &alone},
			{always, 3 * f32.Spin, &parked}, // its threads lie down in that time
			{always, 0, &awake},
		} {
			sharing.one, sharing.more = way.gain, way.gain
			time.Sleep(way.rest)
			began := time.Now()
			if err := e.apply(s, 0, frames); err != nil {
				return gain{}, err
			}
			*way.times = append(*way.times, time.Since(began))
		}
		if median(alone) < f32.Spin/2 { // it can't gain anything
			return gain{}, nil
		}
	}
	limit := time.Duration(float64(median(alone)) / enough)
	return gain{awake: median(awake) < limit, parked: median(parked) < limit}, nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
