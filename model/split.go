package model

import (
	"slices"
	"time"

	"tandem/model/internal/f32"
)

// split says for one layer whether it is shared out over the pool: for one
// frame, and for more. Waking a thread costs more than a small layer does, so it
// is measured, once for each layer.
type split struct{ measured, one, more bool }

// threads is the pool for layer i where sharing it out is faster, or nil.
func (e *Executor) threads(i, frames int) *f32.Pool {
	if s := e.split[i]; frames == 1 && s.one || frames > 1 && s.more {
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

// gains reports whether the pool computes layer i clearly faster than one
// thread does. The two take turns, so that both meet the same noise.
func (e *Executor) gains(j joint, i, frames int) (bool, error) {
	const (
		rounds = 9
		gain   = 1.15 // below it the other threads are better left to other work
	)
	var alone, shared []time.Duration
	for range rounds {
		for _, pool := range []*f32.Pool{nil, e.pool} {
			began := time.Now()
			if err := j.applyAll(pool, e.act[i+1][:frames], e.act[i][:frames], f32.Linear); err != nil {
				return false, err
			}
			took := time.Since(began)
			if pool == nil {
				alone = append(alone, took)
			} else {
				shared = append(shared, took)
			}
		}
	}
	return float64(median(alone)) > gain*float64(median(shared)), nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
