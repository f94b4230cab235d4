package options

import (
	"fmt"
	"hash/fnv"
	"net"
	"os"
)

// Chances is the seed of a node's emulated device and link: each node has its own, and has it again where it stands in the same
// place, which is its place among those of its role in one process, and else its address.
func (o Options) Chances(place int) uint64 {
	at := fmt.Sprint(place)
	if host, port, err := net.SplitHostPort(o.Listen); o.Role != Client && err == nil {
		if host == "" { // as on every device
			host, _ = os.Hostname() // without one it is still another role's
		}
		at += net.JoinHostPort(host, port)
	}
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%d %s %s", o.Seed, o.Role, at)
	return sum.Sum64()
}
