package model

import (
	"slices"
	"time"

	"tandem/model/internal/f32"
)

// split says for one layer whether it is shared out over the pool. Waking a
// parked thread costs more than a small layer does, so it is measured, once for
// each layer, with threads that are awake and with parked ones.
type split struct {
	measured  bool
	one, more gain // for one frame, and for a batch
}

// gain says when sharing a layer out is faster.
type gain struct{ awake, parked bool }

// threads is the pool for layer i where sharing it out is faster, or nil. At
// frames that follow one another closely the pool's threads are awake, or worth
// being woken for the next one.
func (e *Executor) threads(i, frames int) *f32.Pool {
	g := e.split[i].one
	if frames > 1 {
		g = e.split[i].more
	}
	if g.parked || g.awake && e.busy {
		return e.pool
	}
	return nil
}

// choose measures the layers [from, to) that have not been.
func (e *Executor) choose(from, to int) error {
	if e.pool == nil || e.pool.Threads() == 1 {
		return nil
	}
	for i := from; i < to; i++ {
		j, ok := e.layers[i].(joint)
		if !ok || e.split[i].measured {
			continue
		}
		e.split[i].measured = true
		var err error
		if e.split[i].one, err = e.gains(j, i, 1); err != nil {
			return err
		}
		if e.batch > 1 {
			if e.split[i].more, err = e.gains(j, i, e.batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// gains measures how much faster the pool computes layer i than one thread. The
// ways take turns, so that all meet the same noise.
func (e *Executor) gains(j joint, i, frames int) (gain, error) {
	const (
		rounds = 9
		enough = 1.15 // below it the other threads are better left to other work
	)
	var alone, parked, awake []time.Duration
	for range rounds {
		for _, way := range []struct {
			pool  *f32.Pool
			rest  time.Duration
			times *[]time.Duration
		}{
			{nil, 0, &alone},
			{e.pool, 3 * f32.Spin, &parked}, // its threads lie down in that time
			{e.pool, 0, &awake},
		} {
			time.Sleep(way.rest)
			began := time.Now()
			if err := j.applyAll(way.pool, e.act[i+1][:frames], e.act[i][:frames], f32.Linear); err != nil {
				return gain{}, err
			}
			*way.times = append(*way.times, time.Since(began))
		}
	}
	limit := time.Duration(float64(median(alone)) / enough)
	return gain{awake: median(awake) < limit, parked: median(parked) < limit}, nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
