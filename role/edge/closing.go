package edge

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/role/target"
	"tandem/transport"
)

// Ending is what the nodes above say when they close a run.
type Ending struct {
	Nodes  []pipeline.Entry // their ledgers
	Notes  []string         // what was out of the ordinary
	Reason transport.Reason
	Least  time.Duration // for which the nodes below may close the run; a node that still answers then may take longer
}

// Add adds notes; empty ones are none.
func (e *Ending) Add(notes ...string) {
	for _, note := range notes {
		if note != "" {
			e.Notes = append(e.Notes, note)
		}
	}
}

// Say adds what a node has to say of itself.
func (e *Ending) Say(of pipeline.NodeID, texts ...string) {
	for _, text := range texts {
		if text != "" {
			e.Add(Called(of) + " " + text)
		}
	}
}

// StartedAgain is the note of a node that has forgotten what it did in the run before.
const StartedAgain = "was started again during the run"

// MaxLedgers is how many ledgers a node gathers in a run.
const MaxLedgers = 256

// AddLedgers adds those of lives that are not there yet, as long as there are not too many.
func AddLedgers(to []pipeline.Entry, more ...pipeline.Entry) []pipeline.Entry {
	for _, e := range more {
		if !HasLife(to, e) && len(to) < MaxLedgers {
			to = append(slices.Clip(to), e)
		}
	}
	return to
}

// HasLife reports whether the ledger of an entry's life is among others.
func HasLife(ledgers []pipeline.Entry, e pipeline.Entry) bool {
	return slices.ContainsFunc(ledgers, func(k pipeline.Entry) bool { return k.NodeID == e.NodeID && k.Life == e.Life })
}

// NewLife makes a name for a life of a node in a run.
func NewLife() string { return rand.Text()[:8] }

// Called is what notes call a node. Of slow ones there may be several.
func Called(id pipeline.NodeID) string {
	if id.Role == string(options.Slow) {
		return id.String()
	}
	return id.Role
}

// CloseTime is for how long a neighbour that can't be told that the run is over is told again.
const CloseTime = 10 * time.Second

// Close says that no more comes, and returns the report. A neighbour that is just being started again may have to be
// told what is over: the nodes behind it wait for it.
func (e *Edge) Close(ctx context.Context, end Ending) (pipeline.Report, error) {
	e.Silence()
	e.flush(ctx)
	defer e.Client.CloseIdle() // the neighbour may be restarted before the next run
	ctx, attended := e.attend(ctx, end.Least)
	defer attended()
	c := transport.Closing{Run: e.run.ID, From: e.From, Nodes: end.Nodes, Notes: end.Notes, Reason: end.Reason}
	report, err := e.tell(ctx, c)
	if err == nil || end.Reason == transport.Stopped {
		return report, err
	}
	var stopped error // what a neighbour said that was being stopped
	for since := time.Now(); err != nil && time.Since(since) < CloseTime; {
		switch {
		case errors.Is(err, pipeline.ErrStopping): // it may be back soon
			stopped = cmp.Or(stopped, err)
		case !errors.Is(err, pipeline.ErrUnknownRun) && !errors.Is(err, pipeline.ErrUnreachable) || e.Over() != nil:
			return report, err
		}
		if errors.Is(err, pipeline.ErrUnknownRun) && e.reopen(ctx) == nil { // it has been started again already
			if report, err = e.tell(ctx, c); err == nil {
				return report, nil
			}
		}
		select {
		case <-time.After(Probe):
		case <-ctx.Done():
			return report, cmp.Or(stopped, err)
		}
		report, err = e.tell(ctx, c)
	}
	if err != nil {
		err = cmp.Or(stopped, err)
	}
	return report, err
}

// Depart closes the edge while the run goes on without the neighbour, which hands on what it has. One that does not answer
// misses this node, and closes its part by itself. The edge is down from then on.
func (e *Edge) Depart(ctx context.Context, end Ending) {
	err := pipeline.ErrUnreachable
	if e.Up() {
		_, err = e.Close(ctx, end)
	} else {
		e.Silence()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down = true; err == nil {
		e.left = e.life
	}
}

// attend ends the context when the closing has lasted for some time and the neighbour does not answer any more: how much it
// has to send, over which link, is its own to know.
func (e *Edge) attend(ctx context.Context, least time.Duration) (_ context.Context, done func()) {
	ctx, giveUp := context.WithCancelCause(ctx)
	var asking sync.WaitGroup
	asking.Go(func() {
		for pause := max(least, target.AnswerTime); ; pause = target.AnswerTime {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			asked, cancel := context.WithTimeout(ctx, CloseTime)
			_, err := e.Client.Describe(asked)
			cancel()
			if err != nil && !transport.Answered(err) {
				giveUp(err)
				return
			}
		}
	})
	return ctx, func() { giveUp(nil); asking.Wait() }
}

func (e *Edge) tell(ctx context.Context, c transport.Closing) (pipeline.Report, error) {
	report, err := e.Client.Close(ctx, c)
	if why := context.Cause(ctx); err != nil && errors.Is(why, pipeline.ErrUnreachable) {
		err = why
	}
	return report, e.Blame(err)
}

// CloseAll closes the edges at the same time, as the nodes behind them wait for each other, and returns the first
// report, which is the whole one: a neighbour that has still not answered then is not there. All errors are returned only
// where there is no report.
func CloseAll(ctx context.Context, edges []*Edge, end Ending) (report pipeline.Report, err error) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var mu sync.Mutex
	var errs []error
	reported := false
	var closing sync.WaitGroup
	for _, e := range edges {
		closing.Go(func() {
			r, err := e.Close(ctx, end)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				errs = append(errs, err)
			case report.Run == "":
				report, reported = r, true
				if end.Reason == transport.Over {
					enough()
				}
			}
		})
	}
	closing.Wait()
	if reported {
		return report, nil
	}
	return report, errors.Join(errs...)
}
