package mdns

import (
	"context"
	"errors"
	"net"
	"testing"
)

// A connection that only asks says nothing of itself, on a machine without an interface too; one that is closed says so.
func TestClosed(t *testing.T) {
	c, err := Open(nil)
	if err != nil {
		t.Skipf("this machine's network has no multicast: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	c.Keep(ended) // it returns
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Lookup(t.Context(), "slow.local"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Lookup: %v", err)
	}
	if _, err := c.Browse(t.Context(), "_tandem._tcp"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Browse: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}
