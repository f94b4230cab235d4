// Package mdns is multicast DNS (RFC 6762) and service discovery over it (RFC 6763): it finds the address of a name in
// .local, what services there are, and announces one.
//
//	             224.0.0.251:5353, [ff02::fb]:5353, on every interface
//	Announce ◀── questions ───┤   and a goodbye from it when it is closed
//	Lookup   ─── a question ──┤──▶ whoever has the name: avahi, a Mac, another tandem
//	Browse   ◀── answers ─────┘    (questions leave from a port of their own, so answers come back to it alone)
//
// The port is shared with whatever else speaks mDNS on the machine, such as avahi. Where interfaces come, go, or get other
// addresses, it begins anew on those that there are.
package mdns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/mdns/v2"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// Suffix is that of the names which are looked up here.
const Suffix = ".local"

// Is reports whether a name is for multicast DNS.
func Is(host string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), Suffix)
}

// Service is what is announced: an instance of a service, at a port of a host of the same name.
type Service struct {
	Name string // of the instance, and with Suffix of the host
	Type string // as in _tandem._tcp
	Port uint16
	Text map[string]string
}

// Host is the name at which the service's machine is found.
func (s Service) Host() string { return s.Name + Suffix }

// Conn speaks multicast DNS on all interfaces of this machine but loopback. It may be used by several goroutines.
type Conn struct {
	own      *Service // nil: nothing is announced
	scanning sync.Mutex

	mu     sync.Mutex
	over   string     // the interfaces and addresses that conn is for
	conn   *mdns.Conn // nil: there is no interface for it
	to     speaker    // whom conn speaks to
	failed error      // why not
	closed bool
}

// Open begins to speak, and to announce a service, or none. It fails where that can't be announced: another program has
// the port, and does not share it. A machine that has no interface for it yet is no error.
func Open(own *Service) (*Conn, error) {
	c := &Conn{own: own}
	_, err := c.now()
	if errors.Is(err, errNoInterface) {
		err = nil
	}
	return c, err
}

// Close ends all of it. Others hear that what was announced is no more.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil && c.own != nil && !c.closed {
		if packet, err := goodbye(*c.own); err == nil {
			c.to.say(packet)
		}
	}
	c.closed = true
	return c.end()
}

func (c *Conn) end() error {
	if c.conn == nil {
		return nil
	}
	defer func() { c.conn = nil }()
	return c.conn.Close()
}

// refresh is how often the interfaces are looked at.
const refresh = 2 * time.Second

// Keep follows the interfaces until the context ends.
func (c *Conn) Keep(ctx context.Context) {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, _ = c.now() // an error is told to whoever asks
		}
	}
}

var errNoInterface = errors.New("no interface but loopback has an address")

// now is the connection over the interfaces that there are now.
func (c *Conn) now() (*mdns.Conn, error) {
	interfaces, over := usable()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, net.ErrClosed
	case over == "":
		_ = c.end()
		c.over = ""
		return nil, errNoInterface
	case over == c.over:
		return c.conn, c.failed
	}
	_ = c.end()
	c.over = over
	c.conn, c.to, c.failed = c.open(interfaces)
	return c.conn, c.failed
}

// usable are the interfaces that multicast goes over, and a text that changes when they do.
func usable() (interfaces []net.Interface, over string) {
	all, _ := net.Interfaces() // none is as good as an error
	for _, i := range all {
		const needed = net.FlagUp | net.FlagMulticast
		addresses, err := i.Addrs()
		if i.Flags&needed != needed || i.Flags&net.FlagLoopback != 0 || err != nil || len(addresses) == 0 {
			continue
		}
		interfaces, over = append(interfaces, i), over+fmt.Sprint(i.Index, i.Name, addresses)
	}
	return interfaces, over
}

// open listens and announces. Who only asks needs no port that others may have.
func (c *Conn) open(interfaces []net.Interface) (*mdns.Conn, speaker, error) {
	port := 0
	options := []mdns.ServerOption{
		mdns.WithInterfaces(interfaces...), mdns.WithQueryInterval(ask), mdns.WithCacheRefresh(false),
		mdns.WithLoggerFactory(&logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}),
	}
	if c.own != nil {
		port = 5353
		service := mdns.ServiceInstance{Instance: c.own.Name, Service: c.own.Type, Port: c.own.Port}
		for key, value := range c.own.Text {
			service.Text = append(service.Text, mdns.NewTXTString(key, value))
		}
		slices.SortFunc(service.Text, func(a, b mdns.TXTEntry) int { return strings.Compare(a.Key, b.Key) })
		options = append(options, mdns.WithLocalNames(c.own.Host()), mdns.WithService(service))
	}
	four, err := listen4(port)
	if err != nil {
		return nil, speaker{}, fmt.Errorf("multicast DNS on port %d: %w", port, err)
	}
	six, _ := listen6(port) // a machine may have no IPv6
	to := speaker{four: ipv4.NewPacketConn(four), interfaces: interfaces}
	if six != nil {
		to.six = ipv6.NewPacketConn(six)
	}
	conn, err := mdns.NewServer(to.four, to.six, options...)
	if err != nil {
		_ = four.Close()
		if six != nil {
			_ = six.Close()
		}
		return nil, speaker{}, fmt.Errorf("multicast DNS: %w", err)
	}
	return conn, to, nil
}

// ask is the time between two questions for the same: multicast may get lost, above all over Wi-Fi.
const ask = 300 * time.Millisecond

// Lookup finds an address of a name, which ends in Suffix. The context bounds it.
func (c *Conn) Lookup(ctx context.Context, host string) (netip.Addr, error) {
	conn, err := c.now()
	if err != nil {
		return netip.Addr{}, err
	}
	_, address, err := conn.QueryAddr(ctx, strings.TrimSuffix(host, "."))
	if err != nil && ctx.Err() != nil {
		err = errors.New("nobody answers for it over multicast DNS")
	}
	return address, err
}

// Found is a service that somebody announces.
type Found struct {
	Service
	Host    string // as the announcement has it
	Address netip.Addr
}

// Browse returns the services of a type that answer until the context ends, in the order of their names.
func (c *Conn) Browse(ctx context.Context, service string) ([]Found, error) {
	c.scanning.Lock() // the events of a connection have one handler
	defer c.scanning.Unlock()
	conn, err := c.now()
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	found := map[string]Found{}
	conn.OnServiceDiscovered(func(e mdns.ServiceEvent) {
		f := Found{
			Service: Service{Name: e.Instance.Instance, Type: e.Instance.Service, Port: e.Instance.Port, Text: map[string]string{}},
			Host:    strings.TrimSuffix(e.Instance.Host, "."), Address: e.Addr,
		}
		for _, t := range e.Instance.Text {
			f.Text[t.Key] = string(t.Value)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(found) < mostFound {
			found[f.Name] = f
		}
	})
	if err := conn.Browse(ctx, service); err != nil {
		return nil, err
	}
	<-ctx.Done()
	conn.OnServiceDiscovered(nil)
	mu.Lock()
	defer mu.Unlock()
	all := make([]Found, 0, len(found))
	for _, f := range found {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Found) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// mostFound bounds what others can have this machine remember.
const mostFound = 1024
