package role

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"tandem/role/options"
)

// What can't serve says so at its start.
func TestServiceThatCannotBegin(t *testing.T) {
	t.Parallel()
	c := quick()
	nodes := startQuick(t, c)
	c.Role, c.Next, c.Strategy, c.Serve, c.End, c.Wait = options.Client, []string{nodes.fast.address}, "balance", "127.0.0.1:0", "127.0.0.1:1", 0
	if _, err := play(t.Context(), c); err == nil || !strings.Contains(err.Error(), "name it with --end") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error %v", err)
	}
	c.Serve = nodes.end.address
	if _, err := play(t.Context(), c); err == nil || !strings.Contains(err.Error(), "--serve "+c.Serve) {
		t.Errorf("error %v", err)
	}
}

// Before there is an answer nobody is let in, and so nobody waits: here the end is asked for the answers, and has none.
func TestNobodyIsLetInTooEarly(t *testing.T) {
	t.Parallel()
	c := quick()
	nodes := startQuick(t, c)
	end, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	free, err := net.Listen("tcp", "127.0.0.9:0") // where no other test listens
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	c.Role, c.Next, c.Strategy, c.Serve, c.End, c.Wait = options.Client, []string{nodes.fast.address}, "balance", free.Addr().String(), end.Addr().String(), 0
	early := make(chan error, 1)
	go func() {
		for {
			asked, err := end.Accept()
			if err != nil {
				return
			}
			program, err := net.Dial("tcp", c.Serve)
			if err == nil {
				program.Close()
			}
			select {
			case early <- err:
			default:
			}
			asked.Close()
		}
	}()
	if _, err := play(t.Context(), c); err == nil {
		t.Error("it serves without an end")
	}
	if err := <-early; !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a program that comes too early: %v", err)
	}
}
