package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tandem/pipeline"
)

// Below is the nodes below one that computes: end, which takes results, and the next nodes, which take activations.
type Below struct {
	Next []Target                 // that flags name; none on the last node, which finishes every frame
	Many func() ([]Target, error) // those that come and go, and why there is none; nil: nobody does
	End  *Target
}

// Several reports how many next nodes there are; those that come and go are one.
func (b Below) Several() int {
	if b.Many != nil {
		return len(b.Next) + 1
	}
	return len(b.Next)
}

// Await waits until the nodes below can be reached: end, and one of the next nodes at least, and returns why some can't.
// Where one of them is the wrong node, the others are not waited for. name is this process; await asks until an answer is good,
// and bounds that.
func (b Below) Await(ctx context.Context, name string, await func(context.Context, func(context.Context) error) error) (needed, other error) {
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	needed, other = b.ask(func(who some) error {
		err := await(ctx, func(ctx context.Context) error {
			return who(func(t Target) error { return t.Reach(ctx, name) })
		})
		if errors.Is(err, ErrWrong) {
			refuse(err)
		}
		return err
	})
	if wrong := context.Cause(ctx); errors.Is(wrong, ErrWrong) {
		return wrong, nil
	}
	return needed, other
}

// Answer asks whether the nodes below answer, and returns why some do not: those that are needed, and others.
func (b Below) Answer(ctx context.Context, name string) (needed, other error) {
	return b.ask(func(who some) error {
		err := who(func(t Target) error { _, err := t.Ask(ctx, name); return err })
		switch {
		case err == nil:
			return nil
		case errors.Is(err, pipeline.ErrStopping):
			return fmt.Errorf("a node below is stopping: %w", err)
		}
		return fmt.Errorf("a node below does not answer: %w", err)
	})
}

// some puts a question to one node, or to several until one has answered it well.
type some func(question func(Target) error) error

func (t Target) alone(question func(Target) error) error { return question(t) }

func (b Below) any(question func(Target) error) error {
	targets, err := b.Many()
	if err != nil {
		return fmt.Errorf("%w: %w", pipeline.ErrUnreachable, err)
	}
	var errs []error
	for _, t := range targets {
		err := question(t)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ask asks the next nodes and end at the same time. It returns why those are missing that are needed, which are end and one
// next node, and why others are.
func (b Below) ask(question func(some) error) (needed, missing error) {
	next := make([]error, b.Several())
	var asking sync.WaitGroup
	for i := range next {
		asking.Go(func() {
			if i < len(b.Next) {
				next[i] = question(b.Next[i].alone)
			} else {
				next[i] = question(b.any)
			}
		})
	}
	end := question(b.End.alone)
	asking.Wait()
	missing = errors.Join(next...)
	if len(next) > 0 && !slices.Contains(next, nil) {
		return errors.Join(missing, end), nil
	}
	return end, missing
}
