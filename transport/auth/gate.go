package auth

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Gate is the admission control for calls, as the queue is that for frames. It bounds what all peers together, and each
// alone, may have open and in memory here, asks them for the node's credentials, and counts and tells whom it has refused:
//
//	      Listen                          Admit                 boundBodies
//	peer ────────▶ too many connections? ───────▶ another's page? ───────────▶ too much at once? ──▶ Node
//	               its certificate?               its key?
//
// Where there are too many, those go first that have shown neither certificate nor key.
type Gate struct {
	MaxConns int64 // that may be open; set it before Listen

	creds *Credentials
	told  func(Refusal)
	hosts *hosts

	mu       sync.Mutex
	peers    map[netip.Addr]*peer // with a connection
	all      peer
	unproven []*gatedConn // that have not yet shown what this node asks for, the oldest first
	refused  map[Reason]int64
}

// peer is what one address has open and in memory here.
type peer struct {
	conns int64
	bytes int64 // of bodies that are being read or handled
}

// maxConns is how many connections a gate lets be open unless its owner says otherwise.
const maxConns = 256

// share is what one peer may have of a limit: nobody takes everything.
func share(limit int64) int64 { return limit * 3 / 4 }

// Reason says why a peer was refused. It is the label of a metric.
type Reason string

const (
	TooManyConnections Reason = "connections"         // it, or all peers together, have too many
	TooManyBytes       Reason = "memory"              // it, or all peers together, send too much at once
	NoTLS              Reason = "no_tls"              // it does not speak it, and this node nothing else
	NoCertificate      Reason = "no_certificate"      // it has none
	OtherAuthority     Reason = "other_authority"     // its certificate is not from this node's CA
	Expired            Reason = "expired_certificate" // or not yet valid
	BadHandshake       Reason = "bad_handshake"       // another fault, or the peer that does not accept this node
	NoKey              Reason = "no_key"              // it sends none
	WrongKey           Reason = "wrong_key"           // it sends another than this node's
	UnknownHost        Reason = "unknown_host"        // it is a browser, and calls the node by a name that may be anyone's
	ForeignOrigin      Reason = "foreign_origin"      // it is a browser with a page from elsewhere
)

// Reasons are all of them.
var Reasons = []Reason{TooManyConnections, TooManyBytes, NoTLS, NoCertificate, OtherAuthority, Expired, BadHandshake, NoKey, WrongKey, UnknownHost, ForeignOrigin}

// Refusal is one peer that was not let in.
type Refusal struct {
	Peer   string // host:port
	Reason Reason
	Text   string // in words, with the remedy
}

// NewGate makes the gate of a node with credentials or nil. Each refusal is told; the callee has to be quick. Browsers may
// call the node by its addresses and own name, and by these hosts.
func NewGate(creds *Credentials, told func(Refusal), hosts ...string) *Gate {
	return &Gate{MaxConns: maxConns, creds: creds, told: told, hosts: newHosts(hosts), peers: map[netip.Addr]*peer{}, refused: map[Reason]int64{}}
}

// Refused is how many peers were refused, by reason.
func (g *Gate) Refused() map[Reason]int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.refused)
}

func (g *Gate) refuse(address string, why Reason, text string) {
	g.mu.Lock()
	g.refused[why]++
	g.mu.Unlock()
	g.told(Refusal{address, why, text})
}

// connect counts a connection, or returns nil where there are too many.
func (g *Gate) connect(from netip.Addr) *peer {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.peers[from]
	if p == nil {
		p = new(peer)
	}
	if g.all.conns >= g.MaxConns || p.conns >= share(g.MaxConns) {
		return nil
	}
	g.peers[from] = p
	g.all.conns++
	p.conns++
	return p
}

func (g *Gate) disconnect(from netip.Addr, p *peer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all.conns--
	if p.conns--; p.conns == 0 {
		delete(g.peers, from)
	}
}

// awaitProof remembers a connection that has yet to show what this node asks for.
func (g *Gate) awaitProof(c *gatedConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unproven = append(g.unproven, c)
}

// prove forgets it: it has shown that, or is gone.
func (g *Gate) prove(c *gatedConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unproven = slices.DeleteFunc(g.unproven, func(s *gatedConn) bool { return s == c })
}

// makeRoom closes the connection that has been here longest without proof, so that those don't keep out who may come in;
// one of the same peer, where that has its share. It reports whether there was one.
func (g *Gate) makeRoom(from netip.Addr) bool {
	g.mu.Lock()
	p := g.peers[from]
	own := p != nil && p.conns >= share(g.MaxConns)
	i := slices.IndexFunc(g.unproven, func(c *gatedConn) bool { return !own || c.from == from })
	if i < 0 {
		g.mu.Unlock()
		return false
	}
	oldest := g.unproven[i]
	g.mu.Unlock()
	_ = oldest.Close() // nothing of it is begun
	g.refuse(oldest.RemoteAddr().String(), TooManyConnections, "it has shown neither key nor certificate so far, and others want to come in")
	return true
}

// hold counts bytes in memory for a peer, and reports whether there is room for them. They are given back, as a number
// below 0, in any case.
func (g *Gate) hold(p *peer, n, limit int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.bytes += n
	g.all.bytes += n
	return p.bytes <= share(limit) && g.all.bytes <= limit
}

// addrOf is the address without the port.
func addrOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
