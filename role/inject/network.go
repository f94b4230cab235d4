package inject

import (
	"context"
	"net"
	"sync"
	"time"
)

// Network is what one node reaches others over, and they it, until it is cut: the node is dead to all at once, though its process
// goes on. Several goroutines may use it.
type Network struct {
	mu    sync.Mutex
	cut   bool
	conns map[*net.TCPConn]struct{}
	here  net.Listener
}

// NewNetwork makes one that is TCP.
func NewNetwork() *Network { return &Network{conns: make(map[*net.TCPConn]struct{})} }

// Listen listens, once.
func (n *Network) Listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.here = l
	return accepting{l, n}, nil
}

// DialContext makes a connection.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return n.keep(c)
}

// Cut ends all connections, and makes no other.
func (n *Network) Cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = true
	if n.here != nil {
		_ = n.here.Close()
	}
	for c := range n.conns {
		_ = c.SetLinger(0) // what is under way does not arrive
		_ = c.Close()
	}
}

func (n *Network) keep(made net.Conn) (net.Conn, error) {
	c := made.(*net.TCPConn) // as Listen and DialContext make them
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	n.conns[c] = struct{}{}
	return conn{c, n}, nil
}

type accepting struct {
	net.Listener
	on *Network
}

func (a accepting) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return a.on.keep(c)
}

// conn is what the kernel can still be asked of.
type conn struct {
	*net.TCPConn
	on *Network
}

func (c conn) Close() error {
	c.on.mu.Lock()
	delete(c.on.conns, c.TCPConn)
	c.on.mu.Unlock()
	return c.TCPConn.Close()
}
