// Package target is a neighbour below, as a flag names it: whether it is there, and is what it has to be.
package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/transport"
)

// Target is a neighbour below.
type Target struct {
	Client *transport.Client
	Flag   string       // --next or --end
	Own    string       // this process's version
	Role   options.Role // that the neighbour has to have
}

// ID is what the neighbour is called before it has said so itself.
func (t Target) ID() pipeline.NodeID {
	return pipeline.NodeID{Role: string(t.Role), Address: t.Client.Address()}
}

// Blame names the neighbour in an error as reports do: the client knows no more than its address.
func (t Target) Blame(err error) error {
	if err == nil {
		return nil
	}
	return neighbourError{t.ID(), err}
}

// Differs says that the neighbour is of another version than this process, if it is; one that does not say its version is of an
// older one.
func (t Target) Differs(version string) string {
	if version == t.Own {
		return ""
	}
	return fmt.Sprintf("%v is of version %s of tandem, and its neighbour above of %s: use the same on every node",
		t.ID(), cmp.Or(version, "none that it says"), t.Own)
}

type neighbourError struct {
	of pipeline.NodeID
	error
}

func (e neighbourError) Error() string {
	text := e.error.Error()
	if rest, is := strings.CutPrefix(text, e.of.Address); is {
		return e.of.String() + rest
	}
	return e.of.String() + ": " + text
}

func (e neighbourError) Unwrap() error { return e.error }

// ErrWrong is a neighbour that is there, and is another one than the flag asks for.
var ErrWrong = errors.New("is the wrong node")

// Ask asks the neighbour whether it answers and is what it has to be; name is this process. A neighbour that hangs is not waited
// for.
func (t Target) Ask(ctx context.Context, name string) (transport.Description, error) {
	ctx, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	d, err := t.Client.Describe(ctx)
	return d, t.suits(name, d, err)
}

// Reach is Ask, but a neighbour that is there and does not answer is good enough.
func (t Target) Reach(ctx context.Context, name string) error {
	d, err := t.Client.Reach(ctx)
	return t.suits(name, d, err)
}

// suits says why a neighbour that says this of itself, or nothing, is none for this process.
func (t Target) suits(name string, d transport.Description, err error) error {
	switch {
	case err != nil:
		return t.Blame(err)
	case d.Name == "": // it has not answered
		return nil
	case d.Name == name:
		return t.wrong("it is this " + d.Role + " node itself")
	case d.Role != string(t.Role):
		return t.wrong("it is of role " + d.Role)
	}
	return nil
}

// wrong is the error of a neighbour that is something else.
func (t Target) wrong(why string) error {
	return fmt.Errorf("%s %s %w: %s: name %s", t.Flag, t.Client.Address(), ErrWrong, why, t.wanted())
}

// wanted says whom the flag has to name.
func (t Target) wanted() string {
	switch t.Role {
	case options.Fast:
		return "the fast node"
	case options.Slow:
		return "a slow node in --next, and the end node in --end of the fast node"
	}
	return "the end node there"
}

// The times of an answer.
const (
	AnswerTime = 5 * time.Second // a neighbour that does not even answer for so long hangs, and is not waited for
	DialTime   = time.Second     // for a connection
)

// Await asks for so long until a neighbour can be reached: at a site that is switched on, nodes start in any order. flags are
// those that may be wrong.
func Await(ctx context.Context, wait time.Duration, flags string, log zerolog.Logger, ask func(context.Context) error) error {
	var told time.Time
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 100*time.Millisecond, 500*time.Millisecond
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		within, cancel := context.WithTimeout(ctx, max(wait, DialTime))
		defer cancel()
		err := ask(within)
		if err != nil && time.Since(told) >= time.Minute {
			told = time.Now()
			log.Info().Err(err).Stringer("wait", wait).Msg("waiting for the node below")
		}
		if errors.Is(err, pipeline.ErrNotAdmitted) || errors.Is(err, ErrWrong) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(max(wait, time.Nanosecond)))
	if errors.Is(err, pipeline.ErrUnreachable) || errors.Is(err, pipeline.ErrStopping) {
		return fmt.Errorf("%w: start that node first, correct %s, or wait longer with --wait", err, flags)
	}
	if errors.Is(err, pipeline.ErrBusy) {
		return fmt.Errorf("%w: wait longer with --wait", err)
	}
	return err
}
