package discover

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/role/mdns"
)

// Network is who announces themselves, as far as this process has heard, and its own announcement. It may be used by several
// goroutines.
type Network struct {
	conn *mdns.Conn
	stop context.CancelFunc
	ends sync.WaitGroup

	mu    sync.Mutex
	seen  map[string]sighting // by name
	hosts map[string]string   // of all that have ever been seen, by address
}

const mostHosts = 4096

type sighting struct {
	Node
	at time.Time
}

// Announces reports whether a node that listens there is announced: what only this machine can reach is not.
func Announces(at net.Addr) bool {
	tcp, is := at.(*net.TCPAddr)
	return is && !tcp.IP.IsLoopback()
}

// Join begins to listen, and announces a node on that port; nil: none.
func Join(own *Node, port int) (*Network, error) {
	var service *mdns.Service
	if own != nil {
		s := own.service(port)
		service = &s
	}
	conn, err := mdns.Open(service)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	n := &Network{conn: conn, stop: stop, seen: map[string]sighting{}, hosts: map[string]string{}}
	n.ends.Go(func() { conn.Keep(ctx) })
	return n, nil
}

// Close ends it. Others hear a goodbye from this node, and who misses it learns by calling it that it is gone.
func (n *Network) Close() error {
	if n == nil {
		return nil
	}
	n.stop()
	n.ends.Wait()
	return n.conn.Close()
}

// For how long one look listens, and a node that is not heard of any more counts as there: multicast gets lost over Wi-Fi.
const (
	listening  = 700 * time.Millisecond
	remembered = time.Minute
)

// Look asks who is there, and returns all who have answered lately, in the order of their names.
func (n *Network) Look(ctx context.Context) ([]Node, error) {
	ctx, done := context.WithTimeout(ctx, listening)
	defer done()
	found, err := n.conn.Browse(ctx, Service)
	if err != nil {
		return nil, err
	}
	return n.heard(found, time.Now()), nil
}

// heard takes in announcements, and returns the nodes that are remembered.
func (n *Network) heard(found []mdns.Found, now time.Time) (nodes []Node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range found {
		if node, is := parse(f); is {
			n.seen[node.Name] = sighting{node, now}
			if _, known := n.hosts[node.Address]; known || len(n.hosts) < mostHosts {
				n.hosts[node.Address] = node.Host
			}
		}
	}
	for name, s := range n.seen {
		if now.Sub(s.at) > remembered {
			delete(n.seen, name)
			continue
		}
		nodes = append(nodes, s.Node)
	}
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes
}

// ServerName is whom the certificate of a node at an address has to name: the host that it has announced, as its address is
// known to nobody else. Anybody can announce any host, so this asks no more than that the node has a certificate of the CA
// for the host that it says it is. Empty: it was not found here.
func (n *Network) ServerName(address string) string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts[address]
}
