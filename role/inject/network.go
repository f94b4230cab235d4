package inject

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// Network is what one node reaches others over, and they it, until it is cut: the node is dead to all at once, though its process
// goes on. Several goroutines may use it.
type Network struct {
	below Below
	mu    sync.Mutex
	cut   bool
	conns map[lingering]struct{}
	here  net.Listener
}

// Below is what a Network lies on. The connections have a SetLinger, as those of TCP do.
type Below interface {
	Listen(network, address string) (net.Listener, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// lingering is a connection that can be told what becomes of that which is under way when it is closed.
type lingering interface {
	net.Conn
	SetLinger(sec int) error
}

type tcp struct{ net.Dialer }

func (*tcp) Listen(network, address string) (net.Listener, error) {
	return net.Listen(network, address)
}

// NewNetwork makes one that lies on another; nil: on TCP.
func NewNetwork(below Below) *Network {
	if below == nil {
		below = &tcp{net.Dialer{Timeout: 2 * time.Second}}
	}
	return &Network{below: below, conns: make(map[lingering]struct{})}
}

// Listen listens, once.
func (n *Network) Listen(network, address string) (net.Listener, error) {
	l, err := n.below.Listen(network, address)
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
	c, err := n.below.DialContext(ctx, network, address)
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
	c := made.(lingering) // as Below promises
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
	lingering
	on *Network
}

func (c conn) Close() error {
	c.on.mu.Lock()
	delete(c.on.conns, c.lingering)
	c.on.mu.Unlock()
	return c.lingering.Close()
}

// SyscallConn fails where no kernel knows of the connection.
func (c conn) SyscallConn() (syscall.RawConn, error) {
	if known, is := c.lingering.(syscall.Conn); is {
		return known.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
