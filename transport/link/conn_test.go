package link

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// uplink makes one of the given shape.
func uplink(t *testing.T, shape string) *Uplink {
	t.Helper()
	l, err := Parse(shape)
	if err != nil {
		t.Fatal(err)
	}
	return NewUplink(l, 1)
}

// pair is a connection over an uplink and its other end, over TCP.
func pair(t *testing.T, u *Uplink) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	return u.Over(raw), far
}

func TestRealLinkIsNotWrapped(t *testing.T) {
	u := NewUplink(Shape{}, 1)
	conn, _ := net.Pipe()
	if u != nil || u.Over(conn) != conn || u.Listen(nil) != nil {
		t.Error("the real link is wrapped")
	}
	u.Close()
}

// In fake time, over a pipe: what is written arrives at the rate and after the delay, and writers wait when the buffer
// is full.
func TestConnKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := uplink(t, "delay=20ms,rate=20mbit")
		raw, far := net.Pipe()
		near := u.Over(raw)
		const size = 4 << 20
		began := time.Now()
		var written time.Duration
		var writer sync.WaitGroup
		writer.Go(func() {
			if n, err := near.Write(make([]byte, size)); n != size || err != nil {
				t.Errorf("%d bytes written (%v)", n, err)
			}
			written = time.Since(began)
		})
		if _, err := io.ReadFull(far, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		seconds := func(bytes float64) time.Duration {
			return time.Duration(bytes/segment*framed*8/20e6*float64(time.Second)) - burst(20e6)
		}
		if got, want := time.Since(began), 20*time.Millisecond+seconds(size); (got - want).Abs() > 2*time.Millisecond {
			t.Errorf("all is there after %s, want %s", got, want)
		}
		writer.Wait()
		if got, want := written, 20*time.Millisecond+seconds(size-sendBuffer); (got - want).Abs() > 2*time.Millisecond {
			t.Errorf("the writer is done after %s, want %s, when all but the buffer is there", got, want)
		}
		began = time.Now()
		if _, err := near.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(began); (got - 20*time.Millisecond).Abs() > time.Millisecond {
			t.Errorf("one byte is there after %s, want 20 ms", got)
		}
		far.Close()
		near.Close()
		u.Close()
	})
}

func TestConnKeepsWriteDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := uplink(t, "rate=100kbit")
		raw, far := net.Pipe()
		near := u.Over(raw)
		began := time.Now()
		if err := near.SetWriteDeadline(began.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := near.Write(make([]byte, 2*sendBuffer)) // the far end does not read
		if !errors.Is(err, os.ErrDeadlineExceeded) || n != sendBuffer || time.Since(began) != time.Second {
			t.Errorf("%d bytes after %s: %v", n, time.Since(began), err)
		}
		if n, err := near.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after the deadline: %d bytes, %v", n, err)
		}
		// A deadline that is set while a writer waits holds for it.
		near.SetDeadline(time.Time{})
		go func() {
			time.Sleep(3 * time.Second)
			near.SetWriteDeadline(time.Now())
		}()
		began = time.Now()
		if n, err := near.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("%d bytes after %s: %v", n, time.Since(began), err)
		}
		near.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
		near.Close()
		u.Close()
		far.Close()
	})
}

// Close ends what waits at once. What was written goes on to the other end, but not for longer than a second.
func TestConnCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, reads := range []bool{true, false} {
			u := uplink(t, "delay=300ms")
			raw, far := net.Pipe()
			near := u.Over(raw)
			var waiting sync.WaitGroup
			waiting.Go(func() {
				if _, err := near.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("reading: %v", err)
				}
			})
			waiting.Go(func() {
				if n, err := near.Write(make([]byte, sendBuffer+1)); n != sendBuffer || !errors.Is(err, net.ErrClosed) {
					t.Errorf("writing: %d bytes, %v", n, err)
				}
			})
			synctest.Wait()
			began := time.Now()
			if err := near.Close(); err != nil {
				t.Error(err)
			}
			waiting.Wait()
			if took := time.Since(began); took > 0 {
				t.Errorf("closing took %s", took)
			}
			if err := near.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed twice: %v", err)
			}
			for _, set := range []func(time.Time) error{near.SetDeadline, near.SetReadDeadline, near.SetWriteDeadline} {
				if err := set(time.Time{}); !errors.Is(err, net.ErrClosed) {
					t.Errorf("a deadline after closing: %v", err)
				}
			}
			if reads {
				got, err := io.ReadAll(far)
				if len(got) != sendBuffer || err != nil || (time.Since(began)-300*time.Millisecond).Abs() > time.Millisecond {
					t.Errorf("%d bytes arrive after %s (%v)", len(got), time.Since(began), err)
				}
			}
			u.Close()
			if took := time.Since(began); !reads && took != linger {
				t.Errorf("bytes that nobody reads keep the uplink for %s, want %s", took, linger)
			}
			far.Close()
		}
	})
}

// The bytes that arrive are those that were written, whatever the shape and the sizes, on several connections at once
// and in both directions; and nothing is left running.
func TestConnKeepsBytes(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, shape := range []string{"jitter=2ms,loss=1%,rate=500mbit,delay=1ms", "ethernet", "jitter=3ms"} {
		u := uplink(t, shape)
		var all sync.WaitGroup
		for i := range 4 {
			near, far := pair(t, u)
			random := rand.New(rand.NewPCG(uint64(i), 1))
			sent := make([]byte, 1<<20+random.IntN(1000))
			for j := range sent {
				sent[j] = byte(random.Uint32())
			}
			there := make(chan struct{})
			all.Go(func() {
				for rest := sent; len(rest) > 0; {
					n := min(len(rest), 1+random.IntN(100_000))
					chunk := bytes.Clone(rest[:n])
					if _, err := near.Write(chunk); err != nil {
						t.Error(err)
					}
					clear(chunk) // it was the caller's
					rest = rest[n:]
				}
				<-there // Close waits for a second at most, and this machine may stand still
				if err := near.Close(); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				got := make([]byte, len(sent))
				n, err := io.ReadFull(far, got)
				close(there)
				rest, more := io.ReadAll(far)
				if err = errors.Join(err, more); err != nil || !bytes.Equal(got, sent) || len(rest) > 0 {
					t.Errorf("%s: %d bytes of %d arrive, and %d more (%v), or others", shape, n, len(sent), len(rest), err)
				}
				far.Close()
			})
		}
		all.Wait()
		u.Close()
	}
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
}

// Where the other end is gone, a writer is told, and what it has said before can still be read.
func TestConnFails(t *testing.T) {
	u := uplink(t, "delay=1ms")
	near, far := pair(t, u)
	if _, err := far.Write([]byte("refused")); err != nil {
		t.Fatal(err)
	}
	far.Close()
	eventually(t, func() bool {
		_, err := near.Write(make([]byte, 1000))
		return err != nil
	})
	if err := near.Close(); err != nil {
		t.Error(err)
	}
	u.Close()
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
