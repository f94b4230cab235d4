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

// Subscriber takes in what end tells of a run's frames.
type Subscriber struct {
	end   *transport.Client
	begun chan struct{} // closed when end has first taken the subscription

	mu  sync.Mutex
	err error // why nothing comes from end now; nil: it does
}

// NewSubscriber makes one that has not been told anything yet.
func NewSubscriber(end *transport.Client) *Subscriber {
	return &Subscriber{end: end, begun: make(chan struct{}), err: errors.New("end has not answered yet")}
}

// Pauses before a stream that has broken off is asked for again (exponential backoff).
const (
	leastRetry = 50 * time.Millisecond
	mostRetry  = 500 * time.Millisecond
)

// Listen hands on what end tells of a run until the context ends. A stream that breaks off is asked for again, and then the
// newest of what was told before comes once more.
func (s *Subscriber) Listen(ctx context.Context, run string, told func(transport.Told)) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = leastRetry, mostRetry
	for ctx.Err() == nil {
		err := s.end.Answers(ctx, run, true, func() { s.note(nil); pauses.Reset() }, told)
		if err == nil {
			err = fmt.Errorf("the node is %w", pipeline.ErrStopping)
		}
		s.note(fmt.Errorf("no answers come from end (%s): %w", s.end.Address(), err))
		select {
		case <-time.After(pauses.NextBackOff()):
		case <-ctx.Done():
		}
	}
}

// note takes note of whether the stream from end stands.
func (s *Subscriber) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err = err; err == nil {
		select {
		case <-s.begun:
		default:
			close(s.begun)
		}
	}
}

// Err is why nothing comes from end; nil: it does.
func (s *Subscriber) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Await waits until end takes the subscription for the first time, for so long, or until the context ends.
func (s *Subscriber) Await(ctx context.Context, patience time.Duration) error {
	select {
	case <-s.begun:
		return nil
	case <-ctx.Done():
		return nil
	case <-time.After(patience):
	}
	return fmt.Errorf("%w: who serves has to reach the end node, too: name it with --end", s.Err())
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
