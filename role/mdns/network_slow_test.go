//go:build slow

package mdns

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// network is a namespace with two interfaces that are connected by nothing but themselves.
const network = `ip link add eth0 type veth peer name eth1 && ip link set lo up && ip addr add 10.9.0.1/24 dev eth0 &&
	ip link set eth0 up && ip link set eth1 up && exec "$0" -test.run "^$1\$" -test.v`

// alone runs the test in a network of its own, and reports whether this is there.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "TANDEM_TEST_ALONE"
	if os.Getenv(mark) != "" {
		return true
	}
	if out, err := exec.Command("unshare", "--net", "ip", "link", "add", "eth0", "type", "veth").CombinedOutput(); err != nil {
		t.Skipf("network namespaces need root, and iproute2: %v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", network, os.Args[0], t.Name())
	cmd.Env = append(os.Environ(), mark+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return false
}

const patience = 3 * time.Minute

var own = Service{Name: "slow-123456", Type: "_tandem._tcp", Port: 12345, Text: map[string]string{"role": "slow", "host": "pi"}}

// What one announces another finds, by browsing and by its name; and all hear a goodbye when it is closed.
func TestAnnounced(t *testing.T) {
	if !alone(t) {
		return
	}
	messages := listenToAll(t)
	announcing, err := Open(&own)
	if err != nil {
		t.Fatal(err)
	}
	asking, err := Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer asking.Close()
	var found []Found
	for deadline := time.Now().Add(patience); len(found) == 0 && time.Now().Before(deadline); {
		ctx, enough := context.WithTimeout(t.Context(), 500*time.Millisecond)
		if found, err = asking.Browse(ctx, own.Type); err != nil {
			t.Fatal(err)
		}
		enough()
	}
	if len(found) != 1 || found[0].Name != own.Name || found[0].Host != own.Host() || found[0].Port != own.Port || !maps.Equal(found[0].Text, own.Text) {
		t.Errorf("found %+v", found)
	}
	ctx, enough := context.WithTimeout(t.Context(), patience)
	defer enough()
	if address, err := asking.Lookup(ctx, own.Host()); err != nil || !slices.Contains(addresses(t), address.WithZone("").String()) {
		t.Errorf("%s is at %v: %v", own.Host(), address, err)
	}
	if err := announcing.Close(); err != nil {
		t.Error(err)
	}
	for deadline := time.After(patience); ; {
		select {
		case m := <-messages:
			if len(m.Answers) == 1 && m.Answers[0].Header.TTL == 0 {
				return
			}
		case <-deadline:
			t.Fatal("nobody has received a goodbye")
		}
	}
}

// A name that nobody has is looked for until the context ends, and nobody waits for longer. A connection that is closed says so.
func TestNobodyAnswers(t *testing.T) {
	if !alone(t) {
		return
	}
	c, err := Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, enough := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer enough()
	if a, err := c.Lookup(ctx, "nobody.local"); err == nil {
		t.Errorf("it is at %v", a)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Lookup(t.Context(), "nobody.local"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// Interfaces come and go: without one there is nobody to ask, and with one again the service is found at its new address.
func TestInterfacesChange(t *testing.T) {
	if !alone(t) {
		return
	}
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	ip("link", "set", "eth0", "down")
	ip("link", "set", "eth1", "down")
	c, err := Open(&own)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Browse(t.Context(), own.Type); !errors.Is(err, errNoInterface) {
		t.Errorf("without an interface: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // ends with the context
		defer close(done)
		c.Keep(ctx)
	}()
	defer func() { stop(); <-done }()
	ip("addr", "flush", "dev", "eth0")
	ip("addr", "add", "10.9.0.7/24", "dev", "eth0")
	ip("link", "set", "eth0", "up")
	ip("link", "set", "eth1", "up")
	asking, err := Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer asking.Close()
	within, enough := context.WithTimeout(t.Context(), patience)
	defer enough()
	for {
		ctx, once := context.WithTimeout(within, time.Second)
		address, err := asking.Lookup(ctx, own.Host())
		once()
		if err == nil && slices.Contains(addresses(t), address.WithZone("").String()) {
			return
		}
		if within.Err() != nil {
			t.Fatalf("it is at %v: %v", address, err)
		}
	}
}

// addresses are those of this machine.
func addresses(t *testing.T) (all []string) {
	t.Helper()
	found, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range found {
		all = append(all, a.(*net.IPNet).IP.String())
	}
	return all
}

// listenToAll hears what is said to the group, until the test ends.
func listenToAll(t *testing.T) <-chan dnsmessage.Message {
	t.Helper()
	eth0, err := net.InterfaceByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenMulticastUDP("udp4", eth0, group4)
	if err != nil {
		t.Fatal(err)
	}
	messages := make(chan dnsmessage.Message, 1024)
	done := make(chan struct{})
	go func() { // ends when the connection is closed
		defer close(done)
		for b := make([]byte, 9000); ; {
			n, _, err := conn.ReadFromUDP(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) == nil {
				select {
				case messages <- m:
				default:
				}
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return messages
}
