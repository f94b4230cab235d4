package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"tandem/pipeline"
	"tandem/transport"
)

// Ear hears what end tells of a run's frames.
type Ear struct {
	end   *transport.Client
	begun chan struct{} // closed when end has first been heard

	mu   sync.Mutex
	deaf error // why end is not heard now; nil: it is
}

// NewEar makes an ear that has not heard anything yet.
func NewEar(end *transport.Client) *Ear {
	return &Ear{end: end, begun: make(chan struct{}), deaf: errors.New("end is not heard yet")}
}

// Pauses before a stream that has broken off is asked for again (exponential backoff).
const (
	leastSilence = 50 * time.Millisecond
	mostSilence  = 500 * time.Millisecond
)

// Listen hands on what end tells of a run until the context ends. A stream that breaks off is asked for again, and then the
// newest of what was told before comes once more.
func (e *Ear) Listen(ctx context.Context, run string, told func(transport.Told)) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = leastSilence, mostSilence
	for ctx.Err() == nil {
		err := e.end.Answers(ctx, run, true, func() { e.note(nil); pauses.Reset() }, told)
		if err == nil {
			err = fmt.Errorf("the node is %w", pipeline.ErrStopping)
		}
		e.note(fmt.Errorf("no answers come from end (%s): %w", e.end.Address(), err))
		select {
		case <-time.After(pauses.NextBackOff()):
		case <-ctx.Done():
		}
	}
}

// note takes note of whether end is heard.
func (e *Ear) note(deaf error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.deaf = deaf; deaf == nil {
		select {
		case <-e.begun:
		default:
			close(e.begun)
		}
	}
}

// Deaf is why end is not heard; nil: it is.
func (e *Ear) Deaf() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.deaf
}

// Await waits until end is heard for the first time, for so long, or until the context ends.
func (e *Ear) Await(ctx context.Context, patience time.Duration) error {
	select {
	case <-e.begun:
		return nil
	case <-ctx.Done():
		return nil
	case <-time.After(patience):
	}
	return fmt.Errorf("%w: who serves has to reach the end node, too: name it with --end", e.Deaf())
}

// EndAddress is where a client reaches the end node that fast calls so: what is local to fast is on fast's machine.
func EndAddress(fast, end string) string {
	host, _, _ := net.SplitHostPort(fast) // checked with the flags
	name, port, err := net.SplitHostPort(end)
	if err == nil && loopback(name) && !loopback(host) {
		return net.JoinHostPort(host, port)
	}
	return end
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
