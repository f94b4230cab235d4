package role

import (
	"io"
	"net"
	"sync"
	"testing"
)

// gate is a way to a node on which nothing moves while it is shut: the node seems to hang.
type gate struct {
	address string
	passing sync.RWMutex
}

// newGateTo leads to an address until the test ends.
func newGateTo(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{address: l.Addr().String()}
	var moving sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		moving.Wait()
	})
	moving.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			toward, err := net.Dial("tcp", to)
			if err != nil {
				_ = from.Close()
				continue
			}
			mu.Lock()
			open = append(open, from, toward)
			mu.Unlock()
			for _, way := range [][2]net.Conn{{from, toward}, {toward, from}} {
				moving.Go(func() {
					_, _ = io.Copy(gated{way[1], g}, way[0])
					_ = way[1].Close()
				})
			}
		}
	})
	return g
}

func (g *gate) shut() { g.passing.Lock() }
func (g *gate) open() { g.passing.Unlock() }

// gated is a connection whose bytes wait at the gate.
type gated struct {
	io.Writer
	at *gate
}

func (c gated) Write(b []byte) (int, error) {
	c.at.passing.RLock()
	defer c.at.passing.RUnlock()
	return c.Writer.Write(b)
}
