package link

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
)

// An uplink that is closed closes its connections, and those that come later.
func TestUplinkCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := uplink(t, "delay=1ms")
		raw, far := net.Pipe()
		near := u.Over(raw)
		if _, err := near.Write([]byte("last words")); err != nil {
			t.Error(err)
		}
		go u.Close()
		if got, err := io.ReadAll(far); string(got) != "last words" || err != nil {
			t.Errorf("%q (%v)", got, err)
		}
		u.Close()
		raw, far = net.Pipe()
		late := u.Over(raw)
		if _, err := late.Write([]byte("x")); err == nil {
			t.Error("a connection of a closed uplink can be written to")
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("a connection of a closed uplink carries something")
		}
	})
}
