// Package discover finds the nodes of a network that announce themselves by DNS-SD over multicast DNS (RFC 6763), and chooses
// whom a node hands over to:
//
//	_tandem._tcp.local ─▶ slow-3f9a2c ─▶ slow-3f9a2c.local:12345, role=slow, model=…, digest=…, pipeline=…
//
// Slow looks for end, fast for end and all slow nodes, a client for fast: those of its own pipeline and model. An announcement
// proves nothing: whoever is found is asked what it is, and has to have the key or certificate, as one that was named.
package discover

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net"
	"strconv"
	"strings"
	"unicode"

	"tandem/role/mdns"
	"tandem/role/options"
)

// Service is what is announced.
const Service = "_tandem._tcp"

// Node is what a node announces.
type Node struct {
	Name     string       `json:"name"`    // of the announcement, unique on the network: its role and a number that stays the same
	Address  string       `json:"address"` // host:port
	Role     options.Role `json:"role"`
	Host     string       `json:"host"` // what its machine calls itself
	Model    string       `json:"model,omitempty"`
	Digest   string       `json:"digest,omitempty"` // of the model; empty: it has none, or none yet
	Layers   int          `json:"layers,omitempty"`
	Version  string       `json:"version"`
	Pipeline string       `json:"pipeline,omitempty"` // empty: that without a name
}

// service is how a node is announced that listens on a port.
func (n Node) service(port int) mdns.Service {
	text := map[string]string{"txtvers": "1"}
	for key, value := range map[string]string{
		"role": string(n.Role), "host": n.Host, "model": n.Model, "digest": n.Digest, "version": n.Version, "pipeline": n.Pipeline,
	} {
		if value != "" {
			text[key] = short(value)
		}
	}
	if n.Layers > 0 {
		text["layers"] = strconv.Itoa(n.Layers)
	}
	return mdns.Service{Name: label(n.Role, port), Type: Service, Port: uint16(port), Text: text}
}

// label names a node on this machine. It is the same when the node is started again, and another one on each machine: hosts
// are often called the same, as each fresh Raspberry Pi is.
func label(r options.Role, port int) string {
	sum := fnv.New32a()
	interfaces, _ := net.Interfaces() // without any it still has the port
	for _, i := range interfaces {
		if len(i.HardwareAddr) > 0 && i.Flags&net.FlagLoopback == 0 {
			sum.Write(i.HardwareAddr)
			break
		}
	}
	fmt.Fprint(sum, port)
	return fmt.Sprintf("%s-%06x", string(r), sum.Sum32()>>8)
}

// most is how long a text of an announcement may be.
const most = 100

func short(s string) string { return s[:min(len(s), most)] }

// parse reads an announcement. It reports false of one that is none of tandem's: anybody can make one.
func parse(f mdns.Found) (Node, bool) {
	for key, value := range f.Text {
		strange := func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
		if len(key)+len(value) > 2*most || strings.ContainsFunc(value, strange) {
			return Node{}, false
		}
	}
	n := Node{
		Name: f.Name, Role: options.Role(f.Text["role"]), Host: f.Text["host"], Model: f.Text["model"], Digest: f.Text["digest"],
		Version: f.Text["version"], Pipeline: f.Text["pipeline"],
		Address: net.JoinHostPort(strings.TrimSuffix(f.Host, "."), strconv.Itoa(int(f.Port))),
	}
	n.Layers, _ = strconv.Atoi(cmp.Or(f.Text["layers"], "0"))
	known := n.Role == options.Fast || n.Role == options.Slow || n.Role == options.End
	return n, known && f.Port > 0 && mdns.Is(f.Host) && validLabel(f.Name) && n.Layers >= 0
}

// validLabel reports whether a name is one that this program gives.
func validLabel(name string) bool {
	return len(name) <= 63 && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}
