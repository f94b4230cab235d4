package role

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/transport"
)

// target is a neighbour below, as a flag names it.
type target struct {
	client *transport.Client
	flag   string       // --next or --end
	role   options.Role // that the neighbour has to have
}

// targets are the neighbours that a setup names: those that frames or activations are sent to, and the one for results, which
// a client has not.
func targets(cfg setup) (next []target, end *target) {
	for i, address := range cfg.Next {
		t := target{newClient(cfg, address), "--next", options.Slow}
		switch {
		case cfg.Role == options.Client && i == 0:
			t.role = options.Fast
		case cfg.Role != options.Client && cfg.End == "": // the last of the nodes that compute
			t.role = options.End
			return nil, &t
		}
		next = append(next, t)
	}
	if cfg.Role != options.Client {
		end = &target{newClient(cfg, cfg.End), "--end", options.End}
	}
	return next, end
}

// id is what the neighbour is called before it has said so itself.
func (t target) id() pipeline.NodeID {
	return pipeline.NodeID{Role: string(t.role), Address: t.client.Address()}
}

// blame names the neighbour in an error as reports do: the client knows no more than its address.
func (t target) blame(err error) error {
	if err == nil {
		return nil
	}
	return neighbourError{t.id(), err}
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

// errWrongNode is a neighbour that is there, and is another one than the flag asks for.
var errWrongNode = errors.New("is the wrong node")

// ask asks the neighbour whether it answers and is what it has to be; name is this process. A neighbour that hangs is not waited
// for.
func (t target) ask(ctx context.Context, name string) (transport.Description, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	d, err := t.client.Describe(ctx)
	return d, t.suits(name, d, err)
}

// reach is ask, but a neighbour that is there and does not answer is good enough.
func (t target) reach(ctx context.Context, name string) error {
	d, err := t.client.Reach(ctx)
	return t.suits(name, d, err)
}

// suits says why a neighbour that says this of itself, or nothing, is none for this process.
func (t target) suits(name string, d transport.Description, err error) error {
	switch {
	case err != nil:
		return t.blame(err)
	case d.Name == "": // it has not answered
		return nil
	case d.Name == name:
		return t.wrong("it is this " + d.Role + " node itself")
	case d.Role != string(t.role):
		return t.wrong("it is of role " + d.Role)
	}
	return nil
}

// wrong is the error of a neighbour that is something else.
func (t target) wrong(why string) error {
	return fmt.Errorf("%s %s %w: %s: name %s", t.flag, t.client.Address(), errWrongNode, why, t.wanted())
}

// wanted says whom the flag has to name.
func (t target) wanted() string {
	switch t.role {
	case options.Fast:
		return "the fast node"
	case options.Slow:
		return "a slow node in --next, and the end node in --end of the fast node"
	}
	return "the end node there"
}

// await asks until a neighbour can be reached, and is not busy: at a site that is switched on, nodes start in any order.
func await(ctx context.Context, cfg setup, ask func(context.Context) error) error {
	told := false
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 100*time.Millisecond, 500*time.Millisecond
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		within, cancel := context.WithTimeout(ctx, max(cfg.Wait, dialTime))
		defer cancel()
		err := ask(within)
		if err != nil && !told {
			told = true
			cfg.Log.Info().Err(err).Stringer("wait", cfg.Wait).Msg("waiting for the node below")
		}
		if errors.Is(err, pipeline.ErrNotAdmitted) || errors.Is(err, errWrongNode) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(max(cfg.Wait, time.Nanosecond)))
	if errors.Is(err, pipeline.ErrUnreachable) || errors.Is(err, pipeline.ErrStopping) {
		flags := "--next"
		if cfg.End != "" {
			flags += " or --end"
		}
		return fmt.Errorf("%w: start that node first, correct %s, or wait longer with --wait", err, flags)
	}
	if errors.Is(err, pipeline.ErrBusy) {
		return fmt.Errorf("%w: wait longer with --wait", err)
	}
	return err
}
