package auth_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"tandem/transport"
	"tandem/transport/auth"
)

// inPieces writes so many bytes a second until all are written or the other side hangs up.
func inPieces(c net.Conn, body []byte, perSecond int) {
	for len(body) > 0 {
		n := min(perSecond, len(body))
		if _, err := c.Write(body[:n]); err != nil {
			return
		}
		body = body[n:]
		time.Sleep(time.Second)
	}
}

// A body may come in over a slow link, and an answer go out over one, for as long as bytes move. What only trickles is
// cut off.
func TestSlowBodiesAndAnswersAreNotCutOff(t *testing.T) {
	const size = 300 << 10
	for name, test := range map[string]struct {
		sends, reads int // bytes a second
		whole        bool
		within       time.Duration
	}{
		"slow":                 {4 << 10, 4 << 10, true, 3 * time.Minute},
		"the body trickles":    {100, 4 << 10, false, 40 * time.Second},
		"the answer is unread": {size, 0, false, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate, listener := auth.NewGate(nil, func(auth.Refusal) {}), make(pipes)
				echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if body, err := io.ReadAll(r.Body); err == nil {
						_, _ = w.Write(body) // the peer may be gone
					}
				})
				s := transport.NewServer(&node{}, echo, 1<<20, gate, log.New(io.Discard, "", 0))
				serving := make(chan error, 1)
				go func() { serving <- s.Serve(gate.Listen(listener)) }()
				here, there := net.Pipe()
				listener <- there
				began := time.Now()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					fmt.Fprintf(here, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size)
					inPieces(here, bytes.Repeat([]byte("x"), size), test.sends)
				}()
				var got int
				if test.reads == 0 {
					<-sent
					time.Sleep(2 * auth.WriteTime)
				}
				answer, err := http.ReadResponse(bufio.NewReader(here), nil)
				for piece := make([]byte, max(test.reads, 1)); err == nil; {
					var n int
					n, err = io.ReadFull(answer.Body, piece)
					got += n
					time.Sleep(time.Second)
				}
				if whole := got == size; whole != test.whole || time.Since(began) > test.within {
					t.Errorf("%d bytes of %d after %v: %v", got, size, time.Since(began), err)
				}
				here.Close()
				<-sent
				close(listener)
				<-serving
				_ = s.Close()
			})
		})
	}
}
