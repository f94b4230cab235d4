package role

import (
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// flow is one way of a connection.
type flow struct {
	from, to *process
	delay    time.Duration

	mu              sync.Mutex
	changed         *sync.Cond
	sent            []parcel
	read0           error // what a reader gets when nothing is left; nil: it waits
	write0          error // what a writer gets; nil: it writes
	readBy, writeBy deadline
}

// parcel are bytes on the way.
type parcel struct {
	arrives time.Time
	bytes   []byte
}

func newFlow(from, to *process, delay time.Duration) *flow {
	f := &flow{from: from, to: to, delay: delay}
	f.changed = sync.NewCond(&f.mu)
	return f
}

// look makes those who wait look again.
func (f *flow) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed.Broadcast()
}

func (f *flow) end(read, write error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read0 == nil || read != io.EOF {
		f.read0 = read
	}
	if read != io.EOF {
		f.sent = nil
	}
	if f.write0 == nil {
		f.write0 = write
	}
	f.readBy.stop()
	f.writeBy.stop()
	f.changed.Broadcast()
}

func (f *flow) write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.write0 != nil:
			return 0, f.write0
		case f.writeBy.over():
			return 0, os.ErrDeadlineExceeded
		case !f.from.standsStill():
			f.sent = append(f.sent, parcel{time.Now().Add(f.delay), slices.Clone(b)})
			f.changed.Broadcast()
			return len(b), nil
		}
		f.changed.Wait()
	}
}

func (f *flow) read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		still := f.to.standsStill()
		switch {
		case f.readBy.over():
			return 0, os.ErrDeadlineExceeded
		case len(f.sent) > 0 && !still:
			if wait := time.Until(f.sent[0].arrives); wait > 0 {
				time.AfterFunc(wait, f.look)
				break
			}
			n := copy(b, f.sent[0].bytes)
			if f.sent[0].bytes = f.sent[0].bytes[n:]; len(f.sent[0].bytes) == 0 {
				f.sent = f.sent[1:]
			}
			return n, nil
		case f.read0 == net.ErrClosed || f.read0 != nil && !still:
			return 0, f.read0
		}
		f.changed.Wait()
	}
}

// deadline ends waiting on a flow.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) set(f *flow, t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d.stop()
	if d.at = t; !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), f.look)
	}
	f.changed.Broadcast()
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }
