package role

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// beat is the time between two signs of life. It is well below the shortest --idle.
const beat = 500 * time.Millisecond

// openTime bounds the opening of a run: every node on the way loads its layers in it.
const openTime = time.Minute

// newName makes a name for this process on its edges, such as fast-4KXQ2JMV.
func newName(r Role) string { return string(r) + "-" + rand.Text()[:8] }

// edge holds one run open on one node below. It shows the neighbour signs of life until it is closed.
type edge struct {
	client    *transport.Client
	run, from string
	stop      context.CancelFunc
	beats     sync.WaitGroup
}

var _ pipeline.Sender = (*edge)(nil)

func openEdge(ctx context.Context, c *transport.Client, run pipeline.Run, from string) (*edge, transport.Opened, error) {
	open := func() (transport.Opened, error) {
		ctx, cancel := context.WithTimeout(ctx, openTime)
		defer cancel()
		return c.Open(ctx, transport.Opening{Run: run, From: from, Address: c.Address()})
	}
	opened, err := open()
	if errors.Is(err, pipeline.ErrUnreachable) { // a connection kept from before the neighbour's restart: use a new one
		c.CloseIdle()
		opened, err = open()
	}
	if err != nil {
		return nil, transport.Opened{}, err
	}
	beating, stop := context.WithCancel(context.Background())
	e := &edge{client: c, run: run.ID, from: from, stop: stop}
	e.beats.Go(func() { e.show(beating) })
	return e, opened, nil
}

// show pushes nothing, again and again. A beat that fails says no more than the frames will.
func (e *edge) show(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = e.client.Push(ctx, e.run, e.from, nil)
		case <-ctx.Done():
			return
		}
	}
}

// Send takes frames to the neighbour.
func (e *edge) Send(ctx context.Context, frames []pipeline.Frame) ([]pipeline.Feedback, error) {
	return e.client.Push(ctx, e.run, e.from, frames)
}

// ending is what the nodes above say when they close a run.
type ending struct {
	nodes  []pipeline.Entry // their ledgers
	note   string           // what was out of the ordinary
	detach bool             // the node is being stopped, and does not wait for the report
}

// close says that no more comes, and returns the report.
func (e *edge) close(ctx context.Context, end ending) (pipeline.Report, error) {
	e.stop()
	e.beats.Wait()
	defer e.client.CloseIdle() // the neighbour may be restarted before the next run
	return e.client.Close(ctx, transport.Closing{Run: e.run, From: e.from, Nodes: end.nodes, Note: end.note, Detach: end.detach})
}

// closeAll closes the edges at the same time, as the nodes behind them wait for each other, and returns the first
// report. All errors are returned only where there is no report.
func closeAll(ctx context.Context, edges []*edge, end ending) (pipeline.Report, error) {
	type answer struct {
		report pipeline.Report
		err    error
	}
	answers := make(chan answer, len(edges))
	for _, e := range edges {
		go func() { // ends with the call, which ctx bounds; all are received below
			r, err := e.close(ctx, end)
			answers <- answer{r, err}
		}()
	}
	var errs []error
	var report *pipeline.Report
	for range edges {
		a := <-answers
		if a.err != nil {
			errs = append(errs, a.err)
		} else if report == nil {
			report = &a.report
		}
	}
	if report == nil {
		return pipeline.Report{}, errors.Join(errs...)
	}
	return *report, nil
}
