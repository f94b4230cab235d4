package transport

import (
	"net"
	"testing"
	"time"
)

// A process that is stopped, and whose machine goes on acknowledging: until its buffers are full, or all that there is.
func TestAStoppedProcessIsFound(t *testing.T) {
	for name, floats := range map[string]int{"with a small call": 2000, "with one beyond its buffers": 1 << 20, "with a sign of life": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stopped, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes its connections
			if err != nil {
				t.Fatal(err)
			}
			defer stopped.Close()
			c := NewClient(stopped.Addr().String(), Limits{Dial: time.Second, Call: 700 * time.Millisecond, Window: 4, MaxBody: 8 << 20}, nil)
			p := Pushing{Run: "run", From: "me"}
			if floats > 0 {
				p = carrying(floats)
			}
			began := time.Now()
			failed := make(chan error)
			go func() { _, err := c.Push(t.Context(), p); failed <- err }()
			for c.Up() {
				if time.Sleep(time.Millisecond); time.Since(began) > 3*time.Minute {
					t.Fatal("it is up")
				}
			}
			took := time.Since(began) // a machine that stands still is no reason for less
			if took < overdue/2 {
				t.Errorf("down after %v", took)
			}
			t.Logf("down after %v", took)
			if err := <-failed; err == nil {
				t.Error("an answer from nobody")
			}
		})
	}
}

// Bytes that are read are progress on the way there, and the kernel says when.
func TestAcknowledgedBytesAreProgress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	here, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	there, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	w := newWay(here, here, func(*way) {})
	defer w.Close()
	if s := w.look(time.Now()); !w.tells || s.pending || !s.moved.IsZero() {
		t.Fatalf("nothing is sent: %+v", s)
	}
	full := 0
	for tries := 0; tries < 3; tries++ { // until its machine takes no more, which this one may have had no time for
		_ = here.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		n, _ := w.Write(make([]byte, 64<<10))
		if full += n; n > 0 {
			tries = -1
		}
	}
	before := w.look(time.Now())
	if again := w.look(time.Now()); !before.pending || before.moved.IsZero() || again.moved != before.moved {
		t.Errorf("%d bytes, which nobody reads: %+v", full, before)
	}
	for read := 0; read < full; {
		n, err := there.Read(make([]byte, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		read += n
	}
	for s := before; s.pending; s = w.look(time.Now()) {
		time.Sleep(time.Millisecond)
	}
	if after := w.look(time.Now()); !after.moved.After(before.moved) {
		t.Errorf("all bytes are read: %+v", after)
	}
}
