package auth

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"tandem/pipeline"
)

// bodyTime is how long a caller may take to send a request's body, beside what its bytes take at the slowest rate: a link
// may be slow, and several calls share it.
const (
	bodyTime = 30 * time.Second
	slowest  = 1 << 10 // bytes a second
)

// bodiesAtOnce is how many bodies of the largest size may be in memory.
const bodiesAtOnce = 8

// envelope is what a body may have beside its message: gRPC's prefix.
const envelope = 16

// boundBodies bounds the time for each body, and the bytes of all that are here. http.Server's ReadTimeout would do the
// first too, but it goes on running while the handler works, and cuts off a Close that waits for the pipeline to drain.
func (g *Gate) boundBodies(next http.Handler, maxBody int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == http.NoBody { // nothing is read, and an answer may be a stream that lasts
			next.ServeHTTP(w, r)
			return
		}
		b := &boundedBody{ReadCloser: r.Body, gate: g, from: r.RemoteAddr, limit: bodiesAtOnce * int64(maxBody)}
		if c := connOf(r.Context()); c != nil {
			b.peer = c.peer
			defer func() { g.hold(b.peer, -b.held, b.limit) }()
		}
		b.until = time.Now().Add(bodyTime)
		if conn := http.NewResponseController(w); conn.SetReadDeadline(b.until) == nil {
			b.conn = conn
		}
		// The server goes on looking at its own request's body: of one that was not read to its end, the rest must not be
		// taken for the next request.
		bounded := r.WithContext(r.Context())
		bounded.Body = http.MaxBytesReader(w, b, int64(maxBody)+envelope)
		next.ServeHTTP(w, bounded)
	})
}

type boundedBody struct {
	io.ReadCloser
	gate  *Gate
	from  string
	peer  *peer // nil: it did not come through a gate
	held  int64 // bytes
	limit int64
	conn  *http.ResponseController // nil: it has no deadline
	until time.Time                // its deadline
	fresh int                      // bytes since that was set
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.peer != nil && n > 0 {
		b.held += int64(n)
		if !b.gate.hold(b.peer, int64(n), b.limit) {
			text := fmt.Sprintf("it, or all peers together, have sent more than %d bytes that are not yet worked off", b.limit)
			b.gate.refuse(b.from, TooManyBytes, text)
			return 0, connect.NewError(connect.CodeAborted, fmt.Errorf("%w: %s: send them again later, or raise --max-body here", pipeline.ErrBusy, text))
		}
	}
	b.extend(n, err == io.EOF)
	return n, err
}

// extend gives a body that is coming in more time, a second or more at once, and lifts the deadline at its end.
func (b *boundedBody) extend(n int, whole bool) {
	if b.conn == nil {
		return
	}
	b.fresh += n
	switch {
	case whole:
		_ = b.conn.SetReadDeadline(time.Time{}) // it could be set, so it can be lifted
	case b.fresh >= slowest:
		b.until = b.until.Add(time.Duration(b.fresh/slowest) * time.Second)
		b.fresh %= slowest
		_ = b.conn.SetReadDeadline(b.until)
	}
}
