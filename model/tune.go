package model

import (
	"context"
	"slices"
	"sync"
	"time"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// Tune measures for which layers the threads are worth their while. A node calls
// it when it starts, before there are frames; Load and Prepare only use what is
// remembered then, and guess the rest.
//
//	          shape known                        ┌─▶ this process
//	layer ──┬──────────────▶ done     remember ──┤
//	        └─▶ load ─▶ measure ─▶ drop ──▲      └─▶ a file, for the next one
//
// One layer at a time is in memory beside those that are resident. A layer that
// cannot be read or run is passed over: Load and Run say so where it matters.
// What is not reached in ten seconds, or before ctx ends, is left to the next start.
func (e *Executor) Tune(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	e.tune(ctx, 0, e.net.Len(), false)
}

// tuning is locked while an executor measures: two at a time would slow each
// other down, and might measure the same.
var tuning sync.Mutex

// tune measures the layers [from, to) that are not known, or all of them anew.
func (e *Executor) tune(ctx context.Context, from, to int, anew bool) {
	if !e.several() {
		return
	}
	tuning.Lock()
	defer tuning.Unlock()
	defer e.findings.save()
	met := map[string]bool{}
	for l := from; l < to && ctx.Err() == nil; l++ {
		if !anew && e.known(l) {
			continue
		}
		if shape := e.shape(l, 1); !met[shape] {
			met[shape] = true
			e.learn(l)
		}
	}
	for l := from; l < to; l++ {
		if e.resident[l] {
			e.share([]int{l})
		}
	}
	if len(e.plans) == 0 {
		e.results = nil // whoever has results still has their memory
	}
}

// known says whether nothing is left to be measured of a layer. One with so many
// weights is not worth reading twice: it is shared out.
func (e *Executor) known(layer int) bool {
	const most = 64 << 20 // bytes
	if e.net.nodes[layer].Bytes() > most {
		return true
	}
	_, ok := e.findings.of(e.shape(layer, 1))
	if ok && e.batch > 1 {
		_, ok = e.findings.of(e.shape(layer, e.batch))
	}
	return ok
}

// learn measures one layer and remembers it.
func (e *Executor) learn(l int) {
	if !e.resident[l] {
		if e.Load(l, l+1) != nil {
			return
		}
		defer e.Drop(l, l+1)
	}
	p, err := e.plan(l, l+1)
	if err != nil {
		return
	}
	held := slices.Clone(e.results) // of the last Run: they stay valid
	defer func() { copy(e.results, held) }()
	var one, more gain // none, of a kernel that can't be shared out
	var until time.Time
	at := slices.IndexFunc(p.steps, func(s step) bool {
		_, shared := s.kernel.(op.Shared)
		return shared && s.node == l
	})
	if at >= 0 {
		s := &p.steps[at]
		if one, err = e.measure(s, 1); err != nil {
			return
		}
		if e.batch > 1 && s.joint {
			if more, err = e.measure(s, e.batch); err != nil {
				return
			}
		}
		if e.crowded() {
			until = time.Now().Add(busyDay)
		}
	}
	if e.batch > 1 {
		e.findings.remember(e.shape(l, e.batch), finding[gain]{more, until})
	}
	e.findings.remember(e.shape(l, 1), finding[gain]{one, until})
}

// crowded says whether other programs want the cores: the team then takes longer
// for a piece of work each than one thread does for one.
func (e *Executor) crowded() bool {
	const rounds, most = 3, 1.3
	alone, together := time.Hour, time.Hour
	for range rounds {
		began := time.Now()
		turns{}.Chunk(0, 0)
		alone = min(alone, time.Since(began))
		e.team.Do(e.team.Threads(), turns{}) // wakes them
		began = time.Now()
		e.team.Do(e.team.Threads(), turns{})
		together = min(together, time.Since(began))
	}
	return float64(together) > most*float64(alone)
}

// turns is work that needs a core and nothing else.
type turns struct{}

func (turns) Chunk(_, _ int) {
	x := uint32(1)
	for range 100_000 {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
	}
	if x == 0 { // never, but the compiler does not know
		panic("model: xorshift ended")
	}
}

// measure tells how much faster the team computes a step than one thread. The
// ways take turns, so that all meet the same noise, and the times that other
// programs disturbed least are compared: the answer is kept for quieter days.
func (e *Executor) measure(s *step, frames int) (gain, error) {
	const (
		rounds = 9
		least  = 3                     // rounds, when they take long
		budget = 60 * time.Millisecond // for all rounds
		enough = 1.15                  // below it the other threads are better left to other work
	)
	e.findings.measured.Add(1)
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
		if undisturbed(alone) < f32.Spin/2 { // it can't gain anything
			return gain{}, nil
		}
	}
	limit := time.Duration(float64(undisturbed(alone)) / enough)
	return gain{Awake: undisturbed(awake) < limit, Parked: undisturbed(parked) < limit}, nil
}

// undisturbed is the lower quartile.
func undisturbed(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/4]
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
