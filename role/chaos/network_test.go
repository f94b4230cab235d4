//go:build slow

package chaos

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// network is what the nodes are connected by.
//
//	 namespace hub          a namespace for each node
//	┌─────────────┐        ┌──────────────────────────┐
//	│ br0 ── fast ┼──veth──┼ eth0 10.77.0.2   process │
//	│  └──── slow ┼──veth──┼ eth0 10.77.0.3   process │
//	└─────────────┘        └──────────────────────────┘
//
// Over loopback there is nothing to break but the processes.
type network struct {
	prefix string // of the namespaces' names; empty: loopback
	nodes  []string
	resolv string // file that is every node's /etc/resolv.conf; "": the machine's own
}

// networks numbers those of this process, so that several can stand beside each other.
var networks atomic.Int64

// permitted reports why namespaces can't be used; empty: they can.
var permitted = sync.OnceValue(func() string {
	for _, tool := range []string{"ip", "tc", "iptables"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err.Error()
		}
	}
	name := fmt.Sprintf("tandem%d-try", os.Getpid())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		return strings.TrimSpace(string(out))
	}
	defer exec.Command("ip", "netns", "del", name).Run()
	if out, err := exec.Command("ip", "netns", "exec", name, "iptables", "-L", "-n").CombinedOutput(); err != nil {
		return strings.TrimSpace(string(out))
	}
	return ""
})

// newNetwork connects the nodes. It is gone when the test ends.
func newNetwork(t *testing.T, namespaces bool, nodes []string) *network {
	t.Helper()
	n := &network{nodes: nodes}
	if !namespaces {
		return n
	}
	n.prefix = fmt.Sprintf("tandem%d-%d-", os.Getpid(), networks.Add(1))
	hub := n.prefix + "hub"
	t.Cleanup(func() {
		for _, name := range append(nodes, "hub") {
			_ = exec.Command("ip", "netns", "del", n.prefix+name).Run() // the links go with it
		}
	})
	n.must(t, "ip netns add "+hub)
	n.must(t, "ip -n "+hub+" link add br0 type bridge")
	n.must(t, "ip -n "+hub+" link set br0 up")
	for i, node := range nodes {
		ns := n.prefix + node
		n.must(t, "ip netns add "+ns)
		n.must(t, fmt.Sprintf("ip -n %s link add %s type veth peer name eth0 netns %s", hub, node, ns))
		n.must(t, fmt.Sprintf("ip -n %s link set %s master br0 up", hub, node))
		n.must(t, fmt.Sprintf("ip -n %s addr add 10.77.0.%d/24 dev eth0", ns, i+1))
		n.must(t, "ip -n "+ns+" link set eth0 up")
		n.must(t, "ip -n "+ns+" link set lo up")
	}
	return n
}

func (n *network) must(t *testing.T, command string) {
	t.Helper()
	if out, err := run(command); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

func run(command string) ([]byte, error) {
	words := strings.Fields(command)
	return exec.Command(words[0], words[1:]...).CombinedOutput()
}

// host is a node's address in its namespace.
func (n *network) host(node string) string {
	return fmt.Sprintf("10.77.0.%d", slices.Index(n.nodes, node)+1)
}

// listen is where a node listens. Over loopback that is an address of its own, at any port, or 127.0.0.1 on systems where
// that is the only one.
func (n *network) listen(node string) string {
	if n.prefix != "" {
		return n.host(node) + ":12345"
	}
	address := fmt.Sprintf("127.0.0.%d:0", slices.Index(n.nodes, node)+2)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = l.Close()
	return address
}

// command runs a program on a node.
func (n *network) command(node, program string, args ...string) *exec.Cmd {
	if n.prefix == "" {
		return exec.Command(program, args...)
	}
	inside := []string{"netns", "exec", n.prefix + node}
	if n.resolv != "" {
		inside = append(inside, "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, n.resolv) // in a mount namespace that ip makes
	}
	return exec.Command("ip", slices.Concat(inside, []string{program}, args)...) // which becomes it
}

// breaks returns the commands that bring a fault of the network about, and those that mend it.
func (n *network) breaks(f fault) (begin, end []string) {
	hub, ns := n.prefix+"hub", n.prefix+f.node
	deaf := func(at, to string) {
		rule := fmt.Sprintf("INPUT -s %s -j DROP", n.host(to))
		begin = append(begin, fmt.Sprintf("ip netns exec %s iptables -w -A %s", n.prefix+at, rule))
		end = append(end, fmt.Sprintf("ip netns exec %s iptables -w -D %s", n.prefix+at, rule))
	}
	switch f.kind {
	case cut:
		return []string{fmt.Sprintf("ip -n %s link set %s down", hub, f.node)}, []string{fmt.Sprintf("ip -n %s link set %s up", hub, f.node)}
	case partition:
		deaf(f.node, f.other)
		deaf(f.other, f.node)
	case slow:
		const shape = "root tbf rate 400kbit burst 4kb latency 300ms"
		return []string{fmt.Sprintf("tc -n %s qdisc add dev eth0 %s", ns, shape), fmt.Sprintf("tc -n %s qdisc add dev %s %s", hub, f.node, shape)},
			[]string{fmt.Sprintf("tc -n %s qdisc del dev eth0 root", ns), fmt.Sprintf("tc -n %s qdisc del dev %s root", hub, f.node)}
	case lossy:
		const rule = "INPUT -m statistic --mode nth --every 20 --packet 0 -j DROP"
		return []string{fmt.Sprintf("ip netns exec %s iptables -w -A %s", ns, rule)}, []string{fmt.Sprintf("ip netns exec %s iptables -w -D %s", ns, rule)}
	}
	return begin, end
}
