package auth

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// What is being read is counted, for each peer and for all together.
func TestBytesAreBounded(t *testing.T) {
	g := NewGate(nil, func(Refusal) {})
	a, b := g.connect(addrOf(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)})), g.connect(addrOf(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 2)}))
	for _, step := range []struct {
		peer *peer
		n    int64
		want bool
	}{
		{a, 600, true}, {a, 200, false}, {a, -200, true}, {b, 200, true}, {b, 300, false}, {b, -300, true}, {b, -200, true}, {a, 100, true},
	} {
		if got := g.hold(step.peer, step.n, 1000); got != step.want {
			t.Errorf("%+v: %v", step, got)
		}
	}
}

// A peer that asks and never reads the answers is cut off, and holds no goroutine.
func TestWhoNeverReadsIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe() // has no buffer: nothing is written that is not read
		defer there.Close()
		c := &timedConn{Conn: here}
		write := func(most time.Duration) {
			t.Helper()
			began := time.Now()
			if _, err := c.Write([]byte("x")); err == nil || time.Since(began) != most {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		}
		write(WriteTime)
		c.closing.Store(true)
		write(goodbyeTime)
		c.closing.Store(false)
		if err := c.SetWriteDeadline(time.Now().Add(time.Millisecond)); err != nil { // a handler's own, which is shorter
			t.Fatal(err)
		}
		write(time.Millisecond)
	})
}

// A stream of answers, or a request without a body, has no deadline for one.
func TestAnswersMayTakeTime(t *testing.T) {
	g := NewGate(nil, func(Refusal) {})
	seen := false
	h := g.boundBodies(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Body == http.NoBody }), 1)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if !seen {
		t.Error("a request without a body was wrapped")
	}
}
