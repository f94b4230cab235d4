package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// names is a machine's resolver that knows these.
type names struct {
	hosts map[string][]string
	srv   map[string][]*net.SRV
	fails error // what it answers instead
	hangs bool  // it answers nothing while the context lasts
}

func (n names) LookupNetIP(ctx context.Context, _, host string) (all []netip.Addr, err error) {
	if n.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for _, a := range n.hosts[host] {
		all = append(all, netip.MustParseAddr(a))
	}
	if n.fails == nil && all == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return all, n.fails
}

func (n names) LookupSRV(_ context.Context, _, _, name string) (string, []*net.SRV, error) {
	return name, n.srv[name], n.fails
}

// others are the machines that answer over multicast DNS.
type others struct {
	hosts map[string]string
	asked atomic.Int64
}

func (o *others) Lookup(ctx context.Context, host string) (netip.Addr, error) {
	o.asked.Add(1)
	if a, is := o.hosts[host]; is {
		return netip.ParseAddr(a)
	}
	<-ctx.Done()
	return netip.Addr{}, errors.New("nobody answers")
}

func knowing(s names, o *others) *Resolver {
	r := New(5 * time.Second)
	r.system, r.local = s, o
	return r
}

// A name in .local is whoever's that answers first, and the one who does not answer is not waited for.
func TestFirstAnswerCounts(t *testing.T) {
	for what, r := range map[string]*Resolver{
		"multicast":       knowing(names{}, &others{hosts: map[string]string{"slow.local": "10.0.0.7"}}),
		"system":          knowing(names{hosts: map[string][]string{"slow.local": {"10.0.0.7"}}}, &others{}),
		"hanging system":  knowing(names{hangs: true}, &others{hosts: map[string]string{"slow.local": "10.0.0.7"}}),
		"confused system": knowing(names{fails: errors.New("server misbehaving")}, &others{hosts: map[string]string{"slow.local": "10.0.0.7"}}),
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			addresses, err := r.lookUp(t.Context(), "slow.local")
			if err != nil || fmt.Sprint(addresses) != "[10.0.0.7]" || time.Since(began) > 0 {
				t.Errorf("%s: %v after %s: %v", what, addresses, time.Since(began), err)
			}
		})
	}
}

// An answer holds for a second, so that a node that is down does not have the network asked each time it is dialled; and one
// that has moved is found a second later.
func TestAnswersAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &others{hosts: map[string]string{"slow.local": "10.0.0.7"}}
		r := knowing(names{hangs: true}, o)
		for range 10 {
			if _, err := r.lookUp(t.Context(), "slow.local"); err != nil {
				t.Fatal(err)
			}
		}
		if n := o.asked.Load(); n != 1 {
			t.Errorf("asked %d times at once", n)
		}
		o.hosts["slow.local"] = "10.0.0.8"
		time.Sleep(fresh)
		if a, err := r.lookUp(t.Context(), "slow.local"); err != nil || fmt.Sprint(a) != "[10.0.0.8]" {
			t.Errorf("it has moved, and is at %v: %v", a, err)
		}
	})
}

// Nobody answers: the error names the host, and what to look at. It comes when the context ends, and is not kept then.
func TestNobodyHasTheName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &others{hosts: map[string]string{}}
		r := knowing(names{}, o)
		began := time.Now()
		_, err := r.DialContext(t.Context(), "tcp", "slow.local:12345")
		if err == nil || !strings.Contains(err.Error(), "no such host slow.local") || !strings.Contains(err.Error(), "is that device up") {
			t.Errorf("it says %v", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %s", took)
		}
		o.hosts["slow.local"] = "10.0.0.7"
		if a, err := r.lookUp(t.Context(), "slow.local"); err != nil || len(a) != 1 {
			t.Errorf("it is up now: %v, %v", a, err)
		}
	})
}

// A connection goes to the first of a name's addresses that takes it, and what is no name in .local is the system's.
func TestDialContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	r := knowing(names{hosts: map[string][]string{"slow.local": {"127.0.0.9", "127.0.0.1"}}}, &others{}) // nobody listens on the first
	defer r.Close()
	for _, host := range []string{"slow.local", "127.0.0.1", "localhost"} {
		conn, err := r.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_ = conn.Close()
	}
	r = knowing(names{hosts: map[string][]string{"slow.local": {"127.0.0.9", "127.0.0.8"}}}, &others{})
	if _, err := r.DialContext(t.Context(), "tcp", "slow.local:"+port); err == nil || !strings.Contains(err.Error(), "127.0.0.9") || !strings.Contains(err.Error(), "127.0.0.8") {
		t.Errorf("it does not say where it has tried: %v", err)
	}
}

func TestMembers(t *testing.T) {
	many := names{hosts: map[string][]string{"many": nil}}
	for i := range 300 {
		many.hosts["many"] = append(many.hosts["many"], fmt.Sprintf("10.0.%d.%d", i/250, i%250))
	}
	record := func(priority uint16, target string, port uint16) *net.SRV {
		return &net.SRV{Target: target, Port: port, Priority: priority}
	}
	known := names{
		hosts: map[string][]string{"slow": {"10.0.0.2", "10.0.0.1", "::ffff:10.0.0.2"}, "a.": {"10.0.0.1"}, "b.": {"10.0.0.2", "fe80::1%eth0"}, "spare.": {"10.0.0.9"}},
		srv: map[string][]*net.SRV{
			"_tandem._tcp.x": {record(10, "spare.", 1), record(1, "b.", 7), record(1, "a.", 6), record(1, "gone.", 5)},
			"_tandem._tcp.y": {record(1, "gone.", 5)},
		},
	}
	for _, c := range []struct {
		system system
		text   string
		want   []string
		says   string
	}{
		{known, "dns:slow:12345", []string{"10.0.0.1:12345", "10.0.0.2:12345"}, ""},
		{known, "dns:gone:12345", nil, "no such host"},
		{known, "dns:slow", nil, "missing port"},
		{known, "srv:_tandem._tcp.x", []string{"10.0.0.1:6", "10.0.0.2:7", "[fe80::1%eth0]:7"}, ""}, // the best priority; one that is being taken away is left out
		{known, "srv:_tandem._tcp.y", nil, "no such host"},
		{known, "srv:_tandem._tcp.z", nil, "has no SRV record"},
		{names{fails: errors.New("server misbehaving")}, "dns:slow:12345", nil, "misbehaving"},
		{names{fails: errors.New("server misbehaving")}, "srv:_tandem._tcp.x", nil, "misbehaving"},
	} {
		r := New(time.Second)
		r.system = c.system
		got, err := r.Members(t.Context(), c.text)
		if !slices.Equal(got, c.want) || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v", c.text, got, err)
		}
	}
	r := New(time.Second)
	r.system = many
	if got, err := r.Members(t.Context(), "dns:many:1"); err != nil || len(got) != mostMembers {
		t.Errorf("%d members: %v", len(got), err)
	}
}

func TestMany(t *testing.T) {
	for text, want := range map[string]bool{"dns:slow:12345": true, "srv:_tandem._tcp.slow": true, "slow:12345": false, "dns.example:1": false, "": false} {
		if Many(text) != want {
			t.Errorf("%q stands for any number of nodes: %v", text, !want)
		}
	}
}
