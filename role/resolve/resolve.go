// Package resolve finds the machines behind a name.
//
//	slow.local            ─▶ multicast DNS and the system, whoever answers first: Go's own resolver knows no multicast
//	slow, [fe80::1%eth0]  ─▶ the system: /etc/hosts, DNS
//	dns:slow.svc:12345    ─▶ all addresses of the name
//	srv:_tandem._tcp.slow ─▶ all addresses of the hosts that its SRV records name, with their ports
//
// The first two are one node, which is dialled; the others are any number of nodes, which come and go.
package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem/role/mdns"
)

// system is what the machine's own resolver is asked for; *net.Resolver is one.
type system interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// local finds a name's address by multicast DNS.
type local interface {
	Lookup(ctx context.Context, host string) (netip.Addr, error)
}

// Resolver finds addresses. It may be used by several goroutines.
type Resolver struct {
	system system
	local  local // nil: opened when it is first needed
	dialer net.Dialer

	mu    sync.Mutex
	own   *mdns.Conn
	known map[string]known // of names in .local
}

// known is what was found last.
type known struct {
	addresses []netip.Addr
	err       error
	until     time.Time
}

// fresh is for how long an answer about a name in .local holds: a neighbour that is down is dialled ten times a second.
const fresh = time.Second

// New makes a resolver that waits for a connection for so long.
func New(dial time.Duration) *Resolver {
	return &Resolver{
		system: net.DefaultResolver, known: map[string]known{},
		dialer: net.Dialer{Timeout: dial, KeepAlive: 15 * time.Second},
	}
}

// Close gives back what it has opened.
func (r *Resolver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == nil {
		return nil
	}
	return r.own.Close()
}

// DialContext connects to host:port. A name is looked up each time, so a node that has moved is found.
func (r *Resolver) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !mdns.Is(host) {
		return r.dialer.DialContext(ctx, network, address)
	}
	asked, cancel := context.WithTimeout(ctx, r.dialer.Timeout)
	defer cancel()
	addresses, err := r.lookUp(asked, host)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, a := range addresses {
		conn, err := r.dialer.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// lookUp finds the addresses of a name in .local.
func (r *Resolver) lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	k, there := r.known[host]
	r.mu.Unlock()
	if there && time.Now().Before(k.until) {
		return k.addresses, k.err
	}
	k.addresses, k.err = r.ask(ctx, host)
	k.until = time.Now().Add(fresh)
	if k.err != nil && ctx.Err() != nil { // it may have been in haste
		return nil, k.err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[host] = k
	return k.addresses, k.err
}

// ask asks the system, which may know the name from /etc/hosts, and by multicast, and takes the first answer.
func (r *Resolver) ask(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	type answer struct {
		addresses []netip.Addr
		err       error
	}
	answers := make(chan answer, 2)
	go func() { // ends with the context
		addresses, err := r.system.LookupNetIP(ctx, "ip", host)
		answers <- answer{addresses, err}
	}()
	go func() { // likewise
		local, err := r.multicast()
		if err != nil {
			answers <- answer{nil, err}
			return
		}
		address, err := local.Lookup(ctx, host)
		answers <- answer{[]netip.Addr{address}, err}
	}()
	var errs []error
	for range cap(answers) {
		a := <-answers
		if a.err == nil {
			return a.addresses, nil
		}
		errs = append(errs, a.err)
	}
	return nil, fmt.Errorf("no such host %s: %w: is that device up, and on this network?", host, errors.Join(errs...))
}

// multicast opens what it takes, once.
func (r *Resolver) multicast() (local, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.local == nil {
		conn, err := mdns.Open(nil)
		if err != nil {
			return nil, err
		}
		r.local, r.own = conn, conn
	}
	return r.local, nil
}

// What a text begins with that stands for any number of nodes.
const (
	dns = "dns:"
	srv = "srv:"
)

// Many reports whether a text stands for any number of nodes.
func Many(text string) bool { return strings.HasPrefix(text, dns) || strings.HasPrefix(text, srv) }

// mostMembers bounds what DNS can have a node connect to.
const mostMembers = 256

// Members are the host:port that a text stands for now, which has to be one of many; there is one at least.
func (r *Resolver) Members(ctx context.Context, text string) (members []string, err error) {
	if name, is := strings.CutPrefix(text, srv); is {
		members, err = r.services(ctx, name)
	} else {
		host, port, wrong := net.SplitHostPort(strings.TrimPrefix(text, dns))
		members, err = r.hosts(ctx, host, port)
		err = cmp.Or(wrong, err)
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(members)
	members = slices.Compact(members)
	return members[:min(len(members), mostMembers)], nil
}

// hosts are all addresses of a name.
func (r *Resolver) hosts(ctx context.Context, host, port string) (members []string, err error) {
	addresses, err := r.system.LookupNetIP(ctx, "ip", host)
	for _, a := range addresses {
		members = append(members, net.JoinHostPort(a.Unmap().String(), port))
	}
	if err == nil && len(members) == 0 {
		err = fmt.Errorf("%s has no address", host)
	}
	return members, err
}

// services are the addresses of the hosts that a service's records name: of those of the best priority, as the others are for
// when these are down (RFC 2782). How much each gets is the strategy's, and not the weight's.
func (r *Resolver) services(ctx context.Context, name string) (members []string, err error) {
	_, records, err := r.system.LookupSRV(ctx, "", "", name)
	if err == nil && len(records) == 0 {
		err = fmt.Errorf("%s has no SRV record", name)
	}
	if err != nil {
		return nil, err
	}
	var failed error
	best := slices.MinFunc(records, func(a, b *net.SRV) int { return cmp.Compare(a.Priority, b.Priority) }).Priority
	for _, s := range records {
		if s.Priority != best {
			continue
		}
		hosts, err := r.hosts(ctx, s.Target, strconv.Itoa(int(s.Port)))
		if unknown, is := errors.AsType[*net.DNSError](err); is && unknown.IsNotFound { // it is being taken away
			failed = err
			continue
		}
		if err != nil {
			return nil, err
		}
		members = append(members, hosts...)
	}
	if len(members) == 0 {
		return nil, failed
	}
	return members, nil
}
