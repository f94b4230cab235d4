package serve

import (
	"io"
	"net/http"
	"time"
)

// lingerTime is how long a program may take to send the rest of a request that is answered already.
const lingerTime = 30 * time.Second

// linger reads what is left of a request whose answer did not wait for it, as that of one that is too large. Many programs,
// such as those that use Python's http.client, read nothing before all is sent: if the connection were closed while something
// of theirs is unread, the system would tell them of nothing but a reset. HTTP/2 ends one side of a stream alone.
func linger(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == http.NoBody || r.ProtoMajor != 1 {
			next.ServeHTTP(w, r)
			return
		}
		body := &endedBody{ReadCloser: r.Body}
		with := r.WithContext(r.Context())
		with.Body = body
		conn := http.NewResponseController(w)
		_ = conn.EnableFullDuplex() // the server's connections can: the rest may be read behind the answer
		next.ServeHTTP(w, with)
		if body.ended {
			return
		}
		if conn.Flush() == nil && conn.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.Copy(io.Discard, r.Body) // the program may be gone
		}
	})
}

// endedBody knows whether there is something left of a body.
type endedBody struct {
	io.ReadCloser
	ended bool // it was read to its end, or can't be read
}

func (b *endedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = err != nil
	return n, err
}
