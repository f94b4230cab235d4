package transport

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"tandem/transport/auth"
)

// What is done with every call, beside what it is for: both sides of it.

// signed shows the key with each call.
type signed struct{ *auth.Credentials }

var _ connect.Interceptor = signed{}

func (s signed) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		s.Sign(r.Header())
		return next(ctx, r)
	}
}

func (s signed) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		s.Sign(conn.RequestHeader())
		return conn
	}
}

func (signed) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// checked refuses messages that hold what they may not, and turns errors into the wire's.
type checked struct{}

var _ connect.Interceptor = checked{}

func (checked) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		if err := check(r.Any().(proto.Message)); err != nil {
			return nil, toWire(err)
		}
		answer, err := next(ctx, r)
		return answer, toWire(err)
	}
}

func (checked) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (checked) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return toWire(next(ctx, checkedConn{conn}))
	}
}

// checkedConn looks at what is received.
type checkedConn struct{ connect.StreamingHandlerConn }

func (c checkedConn) Receive(m any) error {
	if err := c.StreamingHandlerConn.Receive(m); err != nil {
		return err
	}
	return toWire(check(m.(proto.Message)))
}

// timedAnswer gives the answer to a call a time over HTTP/2 too: there a stream's write waits for the peer's window, and
// the connection has nothing to write. It begins with the answer, because a Close may wait for the pipeline to drain.
type timedAnswer struct{ http.ResponseWriter }

func (a timedAnswer) Write(b []byte) (n int, err error) {
	for {
		_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(auth.WriteTime)) // a stream can
		taken, err := a.ResponseWriter.Write(b[n:min(n+auth.WritePiece, len(b))])
		if n += taken; err != nil || n == len(b) {
			return n, err
		}
	}
}

// Flush is for answers that are streams.
func (a timedAnswer) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() } // a stream can

func (a timedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
