package inject

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
)

// A node whose network is cut is dead to those that it reaches and to those that reach it, at once; and it reaches nobody any more.
func TestCut(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	n := NewNetwork(nil)
	here, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out, err := n.DialContext(t.Context(), "tcp", other.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, is := out.(syscall.Conn); !is {
		t.Error("the kernel can't be asked of a connection over TCP")
	}
	below, err := other.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer below.Close()
	above, err := net.Dial("tcp", here.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer above.Close()
	in, err := here.Accept()
	if err != nil {
		t.Fatal(err)
	}
	n.Cut()
	for name, c := range map[string]net.Conn{"above": above, "below": below} {
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the node %s reads %v", name, err)
		}
	}
	for name, c := range map[string]net.Conn{"above": in, "below": out} {
		if _, err := io.WriteString(c, "x"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("to the node %s it writes with %v", name, err)
		}
	}
	if _, err := here.Accept(); err == nil {
		t.Error("it is still reached")
	}
	if c, err := n.DialContext(t.Context(), "tcp", other.Addr().String()); err == nil {
		c.Close()
		t.Error("it still reaches another")
	}
}
