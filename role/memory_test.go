package role

import (
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tandem/role/target"
)

// memoryNetwork is a network in memory, for tests in fake time: a goroutine that waits for a real socket keeps a bubble's clock from
// going on. What is sent arrives a moment later.
type memoryNetwork struct {
	mu        sync.Mutex
	listening map[netip.AddrPort]*memoryListener
	dialled   int
	fixed     time.Duration // what bytes take on all connections; 0: a few milliseconds, and not for all the same
}

func newMemoryNetwork() *memoryNetwork {
	return &memoryNetwork{listening: make(map[netip.AddrPort]*memoryListener)}
}

// process is one of those on a network in memory, with all its connections.
type process struct {
	on      *memoryNetwork
	address netip.AddrPort // it dials from there too

	mu     sync.Mutex
	frozen bool // nothing of it moves; its machine takes connections, and what is sent to it
	lost   bool // nor does its machine
	dead   bool
	ends   []*memoryConn
	thawed *sync.Cond
}

var _ network = (*process)(nil)

func (m *memoryNetwork) process(address string) *process {
	p := &process{on: m, address: netip.MustParseAddrPort(address)}
	p.thawed = sync.NewCond(&p.mu)
	return p
}

// memoryHost is one machine on a network in memory. Whoever listens there does so on the port that it asks for, or on a free one, and all
// call from the same.
type memoryHost struct {
	*process
	ports atomic.Int32 // that were free
}

var _ network = (*memoryHost)(nil)

func (m *memoryNetwork) host() *memoryHost { return &memoryHost{process: m.process("127.0.0.1:1")} }

func (h *memoryHost) Listen(network, address string) (net.Listener, error) {
	return h.free(address).Listen(network, address)
}

// free makes a process that listens on an address; port 0: one that is free.
func (h *memoryHost) free(address string) *process {
	at := netip.MustParseAddrPort(address)
	if at.Port() == 0 {
		at = netip.AddrPortFrom(at.Addr(), uint16(1024+h.ports.Add(1)))
	}
	return h.on.process(at.String())
}

// moves waits until something of the process can move, or until it is over.
func (p *process) moves() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.dead {
		p.thawed.Wait()
	}
}

func (p *process) standsStill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frozen && !p.dead
}

func (p *process) isGone() (lost, dead bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost, p.dead
}

// freeze stops the process (SIGSTOP), or, with lost, its machine; thaw lets it go on.
func (p *process) freeze(lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen, p.lost = true, lost
}

func (p *process) thaw() { p.become(false) }

// kill ends all its connections, and it makes no other. abrupt: what is on the way does not arrive.
func (p *process) kill(abrupt bool) {
	p.on.mu.Lock()
	l := p.on.listening[p.address]
	p.on.mu.Unlock()
	p.become(true)
	if l != nil && l.of == p {
		_ = l.Close()
	}
	p.mu.Lock()
	ends := p.ends
	p.ends = nil
	p.mu.Unlock()
	for _, c := range ends {
		if abrupt {
			c.reset()
		} else {
			_ = c.Close() // as the system does
		}
	}
}

func (p *process) become(dead bool) {
	p.mu.Lock()
	p.frozen, p.lost, p.dead = false, false, p.dead || dead
	ends := slices.Clone(p.ends)
	p.thawed.Broadcast()
	p.mu.Unlock()
	for _, c := range ends {
		c.in.look()
		c.out.look()
	}
}

// keep adds an end of a connection; it reports false where the process is dead.
func (p *process) keep(c *memoryConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends = append(p.ends, c)
	return !p.dead
}

func (p *process) forget(c *memoryConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends = slices.DeleteFunc(p.ends, func(e *memoryConn) bool { return e == c })
}

func (p *process) Listen(network, address string) (net.Listener, error) {
	p.on.mu.Lock()
	defer p.on.mu.Unlock()
	if p.on.listening[p.address] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: syscall.EADDRINUSE}
	}
	l := &memoryListener{of: p, came: make(chan net.Conn, 512), closed: make(chan struct{})}
	p.on.listening[p.address] = l
	return l, nil
}

func (p *process) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	ctx, cancel := context.WithTimeout(ctx, target.DialTime)
	defer cancel()
	p.moves()
	to := netip.MustParseAddrPort(address)
	delay := p.on.delay()
	select {
	case <-time.After(2 * delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.on.mu.Lock()
	l := p.on.listening[to]
	p.on.mu.Unlock()
	if l == nil {
		return nil, refused
	}
	if lost, _ := l.of.isGone(); lost {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	up, down := newFlow(p, l.of, delay), newFlow(l.of, p, delay)
	here, there := &memoryConn{of: p, peer: l.of.address, in: down, out: up}, &memoryConn{of: l.of, peer: p.address, in: up, out: down}
	if !p.keep(here) || !l.of.keep(there) || !l.take(there) {
		here.reset()
		there.reset()
		return nil, refused
	}
	return here, nil
}

// delay is what the next connection's bytes take: a few milliseconds, and not for all the same.
func (m *memoryNetwork) delay() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fixed > 0 {
		return m.fixed
	}
	m.dialled++
	return time.Millisecond + time.Duration(m.dialled*7%10)*311*time.Microsecond
}

type memoryListener struct {
	of     *process
	came   chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *memoryListener) take(c net.Conn) bool {
	select {
	case <-l.closed:
		return false
	default:
	}
	select {
	case l.came <- c:
		return true
	case <-l.closed:
		return false
	}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.came:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.of.on.mu.Lock()
		delete(l.of.on.listening, l.of.address)
		l.of.on.mu.Unlock()
		close(l.closed)
		for {
			select {
			case c := <-l.came: // nobody has accepted it
				c.(*memoryConn).reset()
			default:
				return
			}
		}
	})
	return nil
}

func (l *memoryListener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.of.address) }

// memoryConn is one end of a connection.
type memoryConn struct {
	of      *process
	peer    netip.AddrPort
	in, out *flow
	abrupt  atomic.Bool
}

func (c *memoryConn) Read(b []byte) (int, error)         { return c.in.read(b) }
func (c *memoryConn) Write(b []byte) (int, error)        { return c.out.write(b) }
func (c *memoryConn) LocalAddr() net.Addr                { return net.TCPAddrFromAddrPort(c.of.address) }
func (c *memoryConn) RemoteAddr() net.Addr               { return net.TCPAddrFromAddrPort(c.peer) }
func (c *memoryConn) SetReadDeadline(t time.Time) error  { c.in.readBy.set(c.in, t); return nil }
func (c *memoryConn) SetWriteDeadline(t time.Time) error { c.out.writeBy.set(c.out, t); return nil }

func (c *memoryConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// Close ends both ways: what was written still arrives.
func (c *memoryConn) Close() error {
	c.of.forget(c)
	if c.abrupt.Load() {
		c.reset()
		return nil
	}
	c.in.end(net.ErrClosed, syscall.EPIPE)
	c.out.end(io.EOF, net.ErrClosed)
	return nil
}

// SetLinger has Close reset the connection, where it is given 0 as a socket is.
func (c *memoryConn) SetLinger(sec int) error { c.abrupt.Store(sec == 0); return nil }

// reset is what a process that is killed leaves of its connections.
func (c *memoryConn) reset() {
	c.in.end(syscall.ECONNRESET, syscall.ECONNRESET)
	c.out.end(syscall.ECONNRESET, syscall.ECONNRESET)
}
