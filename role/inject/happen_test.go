package inject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func faultsOf(t *testing.T, texts ...string) (faults []Fault) {
	t.Helper()
	for _, text := range texts {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	return faults
}

// stage notes what happens to nodes, and when.
type stage struct {
	began time.Time
	mu    sync.Mutex
	told  []string
}

func (s *stage) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, fmt.Sprintf("%v %s", time.Since(s.began), what))
}

// happen makes a fault happen to a node that stands nowhere else.
func (s *stage) happen(f Fault) (func() error, error) {
	s.note(f.String())
	if f.What == Join {
		return nil, nil
	}
	return func() error { s.note(fmt.Sprintf("slow %d is back", f.Node)); return nil }, nil
}

// Faults happen at their times, and those without an end last until the run is over.
func TestFaultsHappenInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, over := context.WithCancel(t.Context())
		s := &stage{began: time.Now()}
		wait := Start(ctx, faultsOf(t, "kill slow 1 at 10s for 4s", "leave slow 2 at 3s", "join slow 3 at 1s", "kill slow 4 at 1m"), s.happen)
		time.Sleep(20 * time.Second)
		over()
		if err := wait(); err != nil {
			t.Error(err)
		}
		want := []string{"1s join slow 3 at 1s", "3s leave slow 2 at 3s", "10s kill slow 1 at 10s for 4s", "14s slow 1 is back", "20s slow 2 is back"}
		if !slices.Equal(s.told, want) {
			t.Errorf("%q, want %q", s.told, want)
		}
	})
}

// Where a fault can't be made, or a node can't be started again, the run is told of both.
func TestFaultsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := Start(t.Context(), faultsOf(t, "kill slow 1 at 1s for 1s", "leave slow 2 at 1s for 1s"), func(f Fault) (func() error, error) {
			if f.What == Leave {
				return nil, errors.New("it does not stop")
			}
			return func() error { return errors.New("its port is taken") }, nil
		})
		if err := wait(); err == nil || !strings.Contains(err.Error(), "it does not stop") || !strings.Contains(err.Error(), "its port is taken") {
			t.Error(err)
		}
	})
}

// Those that join are found until they leave; a fault that begins with the others is no one that joins.
func TestJoined(t *testing.T) {
	var j Joined
	j.Add("a:1")
	j.Add("b:1")
	j.Remove("a:1")
	all, err := j.Members(t.Context(), Name)
	if err != nil || !slices.Equal(all, []string{"b:1"}) {
		t.Errorf("%v, %v", all, err)
	}
	all[0] = "c:1" // the caller's own
	if again, _ := j.Members(t.Context(), Name); !slices.Equal(again, []string{"b:1"}) {
		t.Error(again)
	}
	faults := faultsOf(t, "join slow 2 at 1s", "kill slow 1 at 1s")
	if !Joining(faults, 2) || Joining(faults, 1) || Joining(nil, 2) {
		t.Errorf("of %v", faults)
	}
}

// A node whose network is cut is dead to all at once: connections from and to it end, and nobody makes another.
func TestCutNetwork(t *testing.T) {
	node, other := NewNetwork(nil), NewNetwork(nil)
	here, err := node.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	there, err := other.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	connect := func(from *Network, l net.Listener) (dialled, accepted net.Conn) {
		t.Helper()
		dialled, err := from.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if accepted, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		return dialled, accepted
	}
	closed, its := connect(other, here)
	if err := errors.Join(closed.Close(), its.Close()); err != nil {
		t.Error(err)
	}
	if len(node.conns)+len(other.conns) > 0 {
		t.Errorf("%d and %d connections that are closed are kept", len(node.conns), len(other.conns))
	}
	in, of := connect(other, here)
	mine, out := connect(node, there)
	if _, is := mine.(syscall.Conn); !is {
		t.Error("the kernel can't be asked of a connection over TCP")
	}
	if _, err := of.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(in, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	node.Cut()
	for _, c := range []net.Conn{in, out} {
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the other side reads %v", err)
		}
	}
	if _, err := node.DialContext(t.Context(), "tcp", there.Addr().String()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it dials: %v", err)
	}
	if _, err := other.DialContext(t.Context(), "tcp", here.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("it is dialled: %v", err)
	}
	if _, err := here.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it accepts: %v", err)
	}
}
