package link

import (
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"
)

// Uplink is the emulated link of one node. All that the node sends goes over it, on whichever connection: what it says
// itself on those that it has dialled, and its answers on those that it has accepted. What it receives has the shape of
// the other end's uplink. A nil Uplink is the real link.
type Uplink struct {
	shape Shape
	seed  uint64

	mu     sync.Mutex
	began  time.Time // the newest run on the node; zero: none has
	free   time.Time // when all that was given to the link will have left
	made   uint64    // connections so far
	conns  map[*conn]struct{}
	closed bool
	lines  sync.WaitGroup
}

// NewUplink makes an uplink of the given shape, or nil for the real link. Its chances are those of the seed.
func NewUplink(l Shape, seed uint64) *Uplink {
	if l.Name == "" {
		return nil
	}
	return &Uplink{shape: l, seed: seed, conns: make(map[*conn]struct{})}
}

// Begin begins a run on the node: the moments of the shape count from it.
func (u *Uplink) Begin(now time.Time) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.began = now
}

// begin begins the first run.
func (u *Uplink) begin(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.began.IsZero() {
		u.began = now
	}
}

// rate is the one that holds at a moment. Call it with u.mu held.
func (u *Uplink) rate(at time.Time) float64 {
	if u.began.IsZero() {
		return u.shape.Rate
	}
	return u.shape.rate(at.Sub(u.began))
}

// turn is how many bytes a connection sends before it is the next one's turn: about a millisecond's worth of whole segments.
func (u *Uplink) turn(now time.Time) int {
	const most = 64 << 10
	if u.shape.Rate == 0 {
		return most
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return min(max(1, int(u.rate(now)/1000/8/framed)), most/segment) * segment
}

// burst is what an idle link sends at once, as time at its rate. The kernel's token bucket filter (tc-tbf) needs 5 KiB for
// 20 Mbit/s, which is 2 ms. A slower link sends less at once, so that no message is more than that too early.
func burst(rate float64) time.Duration {
	return min(2*time.Millisecond, transmission(5<<10, max(rate, minRate)))
}

// transmission is what so many bytes take at a rate.
func transmission(bytes int, rate float64) time.Duration {
	return time.Duration(float64(8*bytes) / rate * float64(time.Second))
}

// send gives the link bytes that are ready to leave, and returns when they will have left.
func (u *Uplink) send(ready time.Time, bytes int) time.Time {
	if u.shape.Rate == 0 {
		return ready
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	rate := u.rate(ready)
	u.free = later(u.free, ready.Add(-burst(rate))).Add(transmission(bytes, rate))
	return later(u.free, ready)
}

// Over puts a connection on the uplink. Closing the connection ends what that takes. On an uplink that is closed it is
// closed at once.
func (u *Uplink) Over(real net.Conn) net.Conn {
	if u == nil {
		return real
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		_ = real.Close()
		return real
	}
	u.made++
	c := &conn{Conn: real, line: line{up: u, chance: rand.New(rand.NewPCG(u.seed, u.made))}, ended: make(chan struct{})}
	c.changed.L = &c.mu
	u.conns[c] = struct{}{}
	u.lines.Go(func() {
		c.carry()
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.conns, c)
	})
	return c
}

// Listen puts all connections that a listener accepts on the uplink.
func (u *Uplink) Listen(l net.Listener) net.Listener {
	if u == nil {
		return l
	}
	return wrapping{l, u.Over}
}

// Close closes the connections that are still open, and waits until what was written to any of them has arrived, or has
// had its time.
func (u *Uplink) Close() {
	if u == nil {
		return
	}
	u.mu.Lock()
	u.closed = true
	open := slices.Collect(maps.Keys(u.conns))
	u.mu.Unlock()
	for _, c := range open {
		_ = c.Close() // it may have been closed before
	}
	u.lines.Wait()
}
