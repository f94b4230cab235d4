package transport

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"connectrpc.com/connect"

	"tandem/pipeline"
	"tandem/transport/auth"
)

// codes are the Connect codes that stand for the pipeline's errors on the wire, in either direction.
var codes = []struct {
	err  error
	code connect.Code
}{
	{pipeline.ErrInvalidFrame, connect.CodeInvalidArgument},
	{pipeline.ErrClosedRun, connect.CodeAlreadyExists},
	{pipeline.ErrInvalidRun, connect.CodeFailedPrecondition},
	{pipeline.ErrUnknownRun, connect.CodeNotFound},
	{pipeline.ErrBusy, connect.CodeAborted},
	{pipeline.ErrStopping, connect.CodeUnavailable},
	{pipeline.ErrNotAdmitted, connect.CodeUnauthenticated},
	{pipeline.ErrNoNetwork, connect.CodeOutOfRange},
	// A neighbour further down that does not answer is, for the caller, a run that can't go on.
	{pipeline.ErrUnreachable, connect.CodeUnknown},
}

func toWire(err error) error {
	if ce := (*connect.Error)(nil); err == nil || errors.As(err, &ce) { // there is none, or it is so already
		return err
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return connect.NewError(c.code, err)
		}
	}
	return connect.NewError(connect.CodeInternal, err)
}

// remoteError is an error that another node has answered with.
type remoteError struct {
	address string
	text    string
	kind    error // one of the pipeline's errors, or nil
}

func (e *remoteError) Error() string { return e.address + ": " + e.text }
func (e *remoteError) Unwrap() error { return e.kind }

// Answered reports whether the error is a node's answer, and not a failure of the way to it.
func Answered(err error) bool {
	var remote *remoteError
	return errors.As(err, &remote)
}

// fromWire turns a failed call's error back into one of the pipeline's.
func (c *Client) fromWire(err error) error {
	var ce *connect.Error
	if !errors.As(err, &ce) {
		return c.unreachable(err)
	}
	if ce.Code() == connect.CodeResourceExhausted { // Connect's word for a message over the limit, found on either side
		return &remoteError{c.address, plain(ce.Message()) + ": raise --max-body on every node", pipeline.ErrInvalidFrame}
	}
	if !connect.IsWireError(err) {
		if httpStatus.MatchString(ce.Message()) {
			return fmt.Errorf("%s %w: what listens there is no tandem node: it answers %s", c.address, pipeline.ErrUnreachable, plain(ce.Message()))
		}
		return c.unreachable(ce.Unwrap())
	}
	remote := &remoteError{c.address, plain(ce.Message()), nil}
	for _, known := range codes {
		if ce.Code() == known.code {
			remote.kind = known.err
		}
	}
	return remote
}

// httpStatus is what Connect says of an answer that is not its own.
var httpStatus = regexp.MustCompile(`^[1-5][0-9][0-9] `)

func (c *Client) unreachable(err error) error {
	if why := auth.Why(err); why != "" {
		return fmt.Errorf("%s: %w: %s", c.address, pipeline.ErrNotAdmitted, plain(why))
	}
	err = plainError{err}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s %w: no answer in time (%w)", c.address, pipeline.ErrUnreachable, err)
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s was not waited for: %w", c.address, err)
	}
	return fmt.Errorf("%s %w: %w", c.address, pipeline.ErrUnreachable, err)
}

// plainError is an error whose text is fit to be shown: what listens there may have sent a part of it.
type plainError struct{ error }

func (e plainError) Error() string {
	err := e.error
	if call := (*url.Error)(nil); errors.As(err, &call) {
		err = call.Err // its URL says no more than the neighbour's address
	}
	return plain(err.Error())
}
func (e plainError) Unwrap() error { return e.error }
