package transport

import (
	"io"
	"net/http"
	"time"
)

// bodyTime is how long a caller may take to send a request's body.
const bodyTime = 30 * time.Second

// withBodyDeadline bounds the reading of each body. http.Server's ReadTimeout would do that too, but it goes on running
// while the handler works, and cuts off a Close that waits for the pipeline to drain.
func withBodyDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == http.NoBody { // its answer may go on for long, as the live figures do
			next.ServeHTTP(w, r)
			return
		}
		conn := http.NewResponseController(w)
		if conn.SetReadDeadline(time.Now().Add(bodyTime)) == nil {
			r.Body = &boundedBody{r.Body, conn}
		}
		next.ServeHTTP(w, r)
	})
}

// boundedBody lifts the deadline when the body has been read.
type boundedBody struct {
	io.ReadCloser
	conn *http.ResponseController
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.conn.SetReadDeadline(time.Time{}) // it could be set, so it can be lifted
	}
	return n, err
}
