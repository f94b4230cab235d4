package transport

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// way is a connection to a neighbour that shows how far the bytes on it have come. What is written to it waits in buffers,
// so writing is no progress: the bytes have to leave the emulated link, if there is one, and be acknowledged by the
// neighbour's machine.
//
//	Write ──▶ [ emulated link ] ──▶ [ kernel ] ──▶ neighbour
//	                waits             unacknowledged
type way struct {
	net.Conn
	kernel syscall.Conn // nil: the connection is none of the kernel's
	line   line         // nil: there is no emulated link
	tells  bool         // anything is known of the bytes on the way
	closed func(*way)

	mu              sync.Mutex
	acknowledged    uint64 // bytes, as the kernel said last
	moved, received time.Time
}

// line is an emulated link, as a connection over it shows it.
type line interface {
	// Progress is when bytes last left the link, and whether some wait for it, and for nothing else.
	Progress() (left time.Time, waits bool)
}

// acknowledgement is what the kernel knows of a connection.
type acknowledgement struct {
	bytes   uint64        // acknowledged so far
	pending bool          // some are not
	ago     time.Duration // since the last of the other end's acknowledgements
	repair  time.Duration // until the loss of a segment is made good: the retransmission timeout (RFC 6298), and a round trip
}

// newWay watches a real connection, over which the other one leads.
func newWay(real, over net.Conn, closed func(*way)) *way {
	w := &way{Conn: over, closed: closed}
	w.kernel, _ = real.(syscall.Conn)
	w.line, _ = over.(line)
	a, ok := acknowledged(w.kernel)
	w.acknowledged, w.tells = a.bytes, ok || w.line != nil
	return w
}

// look says what is to be seen now.
func (w *way) look(now time.Time) sight {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, _ := acknowledged(w.kernel)
	if a.bytes != w.acknowledged {
		w.acknowledged, w.moved = a.bytes, later(w.moved, now.Add(-a.ago))
	}
	waits := false
	if w.line != nil {
		var left time.Time
		left, waits = w.line.Progress()
		switch {
		case a.pending: // the emulated link is not what holds up the call
		case waits:
			w.moved = now
		default:
			w.moved = later(w.moved, left)
		}
	}
	return sight{w.moved, w.received, a.pending || waits, a.repair}
}

func (w *way) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.mu.Lock()
		w.received = time.Now()
		w.mu.Unlock()
	}
	return n, err
}

func (w *way) Close() error {
	w.closed(w)
	return w.Conn.Close()
}
