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
	process *process
}

// newGateTo leads to an address on a host in memory until the test ends.
func newGateTo(t *testing.T, c setup, to string) *gate {
	t.Helper()
	p := c.network.(*memoryHost).free("127.0.0.2:0")
	l, err := p.Listen("tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{address: l.Addr().String(), process: p}
	var moving sync.WaitGroup
	t.Cleanup(func() {
		p.kill(false)
		moving.Wait()
	})
	moving.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			toward, err := p.DialContext(t.Context(), "tcp", to)
			if err != nil {
				_ = from.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{from, toward}, {toward, from}} {
				moving.Go(func() {
					_, _ = io.Copy(way[1], way[0])
					_ = way[1].Close()
				})
			}
		}
	})
	return g
}

func (g *gate) shut() { g.process.freeze(false) }
func (g *gate) open() { g.process.thaw() }
