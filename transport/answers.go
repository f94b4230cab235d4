package transport

import (
	"net/http"
	"time"

	"tandem/transport/auth"
)

// timeAnswers gives the answers to calls a time over HTTP/2 too: there a stream's write waits for the peer's window, and
// the connection has nothing to write. It begins with the answer, because a Close may wait for the pipeline to drain.
func timeAnswers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			w = timedAnswer{w}
		}
		next.ServeHTTP(w, r)
	})
}

type timedAnswer struct{ http.ResponseWriter }

func (a timedAnswer) Write(b []byte) (int, error) {
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(auth.WriteTime)) // a stream can
	return a.ResponseWriter.Write(b)
}

func (a timedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
