package auth

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
)

// A browser is inside the network, and runs pages from outside it. What such a page can do to a node that asks for no key,
// or for one that the browser has, is prevented here:
//
//   - It sends requests to the node from its own origin: net/http's CrossOriginProtection finds them, by Sec-Fetch-Site
//     or by an Origin that is not the node.
//   - It rebinds a name of its own to the node's address, so that to the browser both are of one origin. The request then
//     has that name as Host, so a browser may come only by a name that nobody outside can rebind.
//
// A neighbour dials by whatever name its user has given it, and needs no setting: its calls are POSTs without an Origin,
// which no browser sends. Reading is asked for in the same way by whoever it is, so there the name always counts, but for
// probes, which learn nothing that is not for all.

// strange says why a request may be that of a page from elsewhere; empty: it is not.
func (g *Gate) strange(r *http.Request) (Reason, string) {
	if byProgram(r) {
		return "", ""
	}
	if name := nameOf(r.Host); !openPaths[r.URL.Path] && !g.hosts.known(name) {
		return UnknownHost, fmt.Sprintf("this node is not known as %.100q, and a page from elsewhere could call it so: "+
			"use its address or its own name, or start it with --host %.100s", name, name)
	}
	if foreign(r) {
		return ForeignOrigin, fmt.Sprintf("a page from elsewhere (origin %.100q) has sent this: open the page of the node itself; "+
			"a proxy before it has to hand on the Host that the browser sends, which --host makes known", r.Header.Get("Origin"))
	}
	return "", ""
}

// byProgram reports whether no browser can have sent a request: those name the origin of whatever is no GET or HEAD.
func byProgram(r *http.Request) bool {
	return r.Method == http.MethodPost && r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" &&
		!strings.HasPrefix(r.UserAgent(), "Mozilla/")
}

// foreign reports whether a page of another origin has sent a request. To read is no more allowed than to call, but a person
// may follow a link to the page, which the other page learns nothing from.
func foreign(r *http.Request) bool {
	h := r.Header
	if r.Method == http.MethodGet && h.Get("Origin") == "" && h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document" {
		return false
	}
	call := *r
	call.Method = http.MethodPost // of which the protection takes no sort to be harmless
	return new(http.CrossOriginProtection).Check(&call) != nil
}

// hosts are the names by which browsers may call a node, beside its addresses.
type hosts struct {
	given []string // its own, and what the user has said

	mu      sync.Mutex
	dialled []string // by neighbours, the newest last
}

const maxDialled = 64

// newHosts takes names and host:port; which ones are local to the network need not be said.
func newHosts(given []string) *hosts {
	h := &hosts{}
	if own, err := os.Hostname(); err == nil {
		short, _, _ := strings.Cut(own, ".")
		given = append(slices.Clip(given), own, short)
	}
	for _, host := range given {
		h.given = append(h.given, nameOf(host))
	}
	return h
}

// known reports whether nobody from outside the network can have made the name one of the node's: it is an address, is
// resolved on this machine or by multicast DNS, was given, or is what a neighbour dials. A program of old, which is no
// browser, says none.
func (h *hosts) known(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil || name == "" || name == "localhost" || strings.HasSuffix(name, ".local") || slices.Contains(h.given, name) {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.dialled, name)
}

// learn remembers the name by which a program has called the node.
func (h *hosts) learn(name string) {
	if len(name) > 253 || h.known(name) { // the longest of a name in DNS
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dialled = append(h.dialled, name); len(h.dialled) > maxDialled {
		h.dialled = slices.Clone(h.dialled[1:])
	}
}

// nameOf is the name or address in a host, or in host:port.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.TrimSuffix(strings.ToLower(host), ".")
}
