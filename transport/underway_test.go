package transport

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/transport/auth"
)

// pipes are connections in memory, for tests in fake time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// overPipes makes a client over a link of some shape, whose connections go to whoever takes them from the pipes.
func overPipes(t *testing.T, shape string) (*Client, pipes) {
	t.Helper()
	uplink, far := overLink(t, shape), make(pipes, 10)
	c := NewClient("far:1", Limits{Dial: time.Second, Call: 2 * time.Second, Window: 4, MaxBody: 8 << 20, Uplink: uplink}, nil)
	c.http.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		far <- there
		return c.watch(here), nil
	}
	return c, far
}

// carrying is a push of one frame with so many floats.
func carrying(floats int) Pushing {
	f := frame(0)
	f.Shapes, f.Data = [][]int{{floats}}, make([]float32, floats)
	return Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{f}}
}

// Over a slow link a window of large pushes takes half a minute, and signs of life wait behind them. All of them are
// answered, and the neighbour is up all the while.
func TestASlowLinkIsNoDeadNeighbour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := overPipes(t, "rate=256kbit")
		s := NewServer(&fakeNode{}, nil, 8<<20, auth.NewGate(nil, func(auth.Refusal) {}), log.New(io.Discard, "", 0))
		var serving, calls sync.WaitGroup
		serving.Go(func() { _ = s.Serve(far) }) // until the pipes are closed
		began, down := time.Now(), 0
		for range c.limits.Window {
			calls.Go(func() {
				if _, err := c.Push(t.Context(), carrying(50_000)); err != nil {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
			})
		}
		done := make(chan struct{})
		go func() { calls.Wait(); close(done) }()
		for beats := time.Tick(500 * time.Millisecond); ; {
			select {
			case <-beats:
				calls.Go(func() {
					if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me"}); err != nil {
						t.Error(err)
					}
				})
			case <-time.After(10 * time.Millisecond):
			case <-done:
				if took := time.Since(began); took < 25*time.Second || down > 0 {
					t.Errorf("four times 200 kB take %v, and of each 10 ms the neighbour is down in %d", took, down)
				}
				c.CloseIdle()
				c.limits.Uplink.Close()
				close(far)
				_ = s.Close()
				serving.Wait()
				return
			}
			if !c.Up() {
				down++
			}
		}
	})
}

// A neighbour that is stopped is down 300 ms after the last of a call's bytes has been taken, and the call is given up
// after two seconds; so is one that takes nothing at all.
func TestAStoppedNeighbourIsFoundOverASlowLink(t *testing.T) {
	for name, test := range map[string]struct {
		takes bool
		sent  time.Duration // when no more bytes move
	}{
		"its machine takes all": {true, 65 * time.Millisecond}, // 8 kB at a megabit a second
		"it is cut off":         {false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, far := overPipes(t, "rate=1mbit")
				go func() {
					conn := <-far
					if test.takes {
						_, _ = io.Copy(io.Discard, conn) // until it is closed
					}
				}()
				began := time.Now()
				failed := make(chan error)
				go func() { _, err := c.Push(t.Context(), carrying(2000)); failed <- err }()
				for c.Up() {
					time.Sleep(time.Millisecond)
				}
				near := func(what string, want time.Duration) {
					if took := time.Since(began) - test.sent - want; took < -5*time.Millisecond || took > 15*time.Millisecond {
						t.Errorf("%s %v after the last byte", what, took+want)
					}
				}
				near("down", overdue)
				if err := <-failed; !errors.Is(err, pipeline.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				near("given up", c.limits.Call)
				if !c.Up() {
					t.Error("a call that is over counts")
				}
				c.CloseIdle()
				c.limits.Uplink.Close()
			})
		})
	}
}
