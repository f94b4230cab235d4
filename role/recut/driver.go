package recut

import (
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/transport"
)

// Driver keeps a run cut as is best for its fleet. Run is called by one goroutine.
//
//	            the watcher has other cuts              all are ready
//	watching ──────────────────────────────▶ preparing ───────────────▶ go: watching
//	                                             │ refused, or not ready in time
//	                                             └──▶ back to the cuts in force, by one more recut
type Driver struct {
	*Watcher
	To     Way // fast
	Live   func() *pipeline.Live
	Survey func(context.Context) (transport.Survey, error)
	Log    zerolog.Logger

	order    pipeline.Recut
	began    time.Time // of an order that waits for all to be ready; zero: none does
	surveyed time.Time
}

const (
	look        = 200 * time.Millisecond
	readyTime   = time.Minute      // that the nodes may read their layers
	surveyEvery = 10 * time.Second // at most
)

// Run watches until the context ends.
func (d *Driver) Run(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			d.look(ctx, now)
		}
	}
}

// look does what is due.
func (d *Driver) look(ctx context.Context, now time.Time) {
	if !d.began.IsZero() {
		d.await(now)
		return
	}
	l := d.Live()
	if l == nil || l.StalenessS > stale.Seconds() { // what the nodes do is not known
		return
	}
	if d.Unknown(l) && now.Sub(d.surveyed) >= surveyEvery {
		d.survey(ctx, now)
	}
	if cuts, why := d.See(now, l); cuts != nil {
		d.prepare(now, cuts, why)
	}
}

// stale is the age from which on figures say nothing of now.
const stale = 3 * time.Second

func (d *Driver) survey(ctx context.Context, now time.Time) {
	d.surveyed = now
	ctx, cancel := context.WithTimeout(ctx, surveyEvery)
	defer cancel()
	s, err := d.Survey(ctx)
	if err != nil {
		d.Log.Warn().Err(err).Msg("a node has joined, and the pipeline can't be surveyed")
		return
	}
	d.Know(s)
}

// prepare has all nodes read the layers that they have by other cuts.
func (d *Driver) prepare(now time.Time, cuts []int, why string) {
	d.began = now
	d.order = pipeline.Recut{Epoch: d.order.Epoch + 1, Cuts: cuts, Why: why}
	d.To.Order(d.order, false)
	d.Log.Info().Ints("was", d.Cuts()).Ints("cuts", cuts).Str("why", why).Msg("cutting anew: the nodes read their layers")
}

// await goes on when all nodes are ready, and back where they can't be.
func (d *Driver) await(now time.Time) {
	state := d.To.Recutting()
	if state.Epoch != d.order.Epoch {
		state = pipeline.Recutting{}
	}
	back := slices.Equal(d.order.Cuts, d.Cuts())
	late := now.Sub(d.began) >= readyTime
	switch {
	case state.Ready, back && late:
		d.began = time.Time{}
		d.order.Go = true
		d.To.Order(d.order, false)
		if !back {
			d.Log.Info().Ints("cuts", d.order.Cuts).Msg("cut anew")
		}
		d.Cut(d.order.Cuts)
	case back:
	case state.Refused != "" || late:
		d.Log.Warn().Str("why", state.Refused).Ints("cuts", d.order.Cuts).Msg("the nodes can't be cut anew: they stay as they are")
		d.prepare(now, d.Cuts(), "the nodes could not have others")
	}
}
