package chaos

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// kind is a way in which something goes wrong.
type kind string

const (
	kill      kind = "kill"      // the process is gone, and is started again afterwards
	restart   kind = "restart"   // the process is told to stop, as by systemctl restart, and is started again afterwards
	stop      kind = "stop"      // SIGSTOP, and SIGCONT afterwards
	cut       kind = "cut"       // the node's cable is pulled
	partition kind = "partition" // two nodes don't reach each other
	slow      kind = "slow"      // the node's link carries little
	lossy     kind = "lossy"     // the node's link loses every twentieth packet
)

// Which faults a node may have. The client is not ended: nobody else would print its report.
var (
	ofNodes  = []kind{kill, restart, stop, cut, partition, slow, lossy}
	ofClient = []kind{stop, cut, partition, slow, lossy}
	local    = []kind{kill, restart, stop} // what can be done over loopback
)

// fault is one thing that goes wrong.
type fault struct {
	kind  kind
	at    time.Duration // since the run began
	lasts time.Duration
	node  string
	other string // partition: from whom
}

func (f fault) String() string {
	text := fmt.Sprintf("%6.2fs %s %s", f.at.Seconds(), f.kind, f.node)
	if f.other != "" {
		text += " from " + f.other
	}
	return fmt.Sprintf("%s for %.2fs", text, f.lasts.Seconds())
}

// schedule is what goes wrong in one run, in order.
type schedule []fault

func (s schedule) String() string {
	var lines []string
	for _, f := range s {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// ends reports whether the process of one of the nodes ends. One that is restarted politely leaves its ledger with the nodes
// below, from which it is lost where these end, too, or can't be reached.
func (s schedule) ends(nodes ...string) bool {
	return slices.ContainsFunc(s, func(f fault) bool { return (f.kind == kill || f.kind == restart) && slices.Contains(nodes, f.node) })
}

// rolling restarts one node after the other. Each is away for a time, and back for another before the next one goes.
func rolling(at, away, back time.Duration, nodes ...string) (s schedule) {
	for i, node := range nodes {
		s = append(s, fault{kind: restart, at: at + time.Duration(i)*(away+back), lasts: away, node: node})
	}
	return s
}

// gap is the mean time between two faults.
const gap = 2500 * time.Millisecond

// plan draws the faults of a run. A node has one at a time, and several nodes may have theirs at once. One restart of two is
// that of all nodes but the client, which come first, in an order of its own. The last faults may outlast the frames.
func plan(seed uint64, length, longest time.Duration, nodes []string, possible []kind) schedule {
	random := rand.New(rand.NewPCG(seed, 0))
	between := func(from, to time.Duration) time.Duration {
		return from + time.Duration(random.Int64N(int64(to-from))).Round(time.Millisecond)
	}
	free := make(map[string]time.Duration) // node → when it may have its next one
	var s schedule
	add := func(f fault) {
		if f.at < free[f.node] || f.at < free[f.other] || f.at >= length {
			return
		}
		free[f.node] = f.at + f.lasts + longest/10
		if f.other != "" {
			free[f.other] = free[f.node]
		}
		s = append(s, f)
	}
	for at := between(longest/10, gap); at < length; at += between(gap/5, 2*gap) {
		f := fault{at: at, node: nodes[random.IntN(len(nodes))], lasts: between(longest/20, longest)}
		kinds := ofNodes
		if f.node == "client" {
			kinds = ofClient
		}
		kinds = slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return !slices.Contains(possible, k) })
		f.kind = kinds[random.IntN(len(kinds))]
		others := slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return n == f.node })
		other := others[random.IntN(len(others))]
		if f.kind == partition {
			f.other = other
		}
		if f.kind != restart || random.IntN(2) == 0 {
			add(f)
			continue
		}
		servers := slices.Clone(nodes[:len(nodes)-1])
		random.Shuffle(len(servers), func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
		for _, f := range rolling(at, f.lasts/2, f.lasts/2, servers...) {
			add(f)
		}
	}
	slices.SortStableFunc(s, func(a, b fault) int { return cmp.Compare(a.at, b.at) })
	return s
}

// The same seed breaks the same at the same moments, and two seeds differ.
func TestScheduleIsReproducible(t *testing.T) {
	nodes := []string{"end", "slow", "fast", "client"}
	draw := func(seed uint64) string { return plan(seed, time.Minute, 4*time.Second, nodes, ofNodes).String() }
	first, again, other := draw(1), draw(1), draw(2)
	if first != again || first == other {
		t.Errorf("seed 1:\n%s\nseed 1:\n%s\nseed 2:\n%s", first, again, other)
	}
	seen := make(map[kind]bool)
	for seed := range uint64(20) {
		for _, f := range plan(seed, time.Minute, 4*time.Second, nodes, ofNodes) {
			seen[f.kind] = true
			if f.node == "client" && (f.kind == kill || f.kind == restart) || f.other == f.node || f.lasts > 4*time.Second || f.at > time.Minute {
				t.Errorf("seed %d: %v", seed, f)
			}
		}
	}
	if len(seen) != len(ofNodes) {
		t.Errorf("only %v ever happen", seen)
	}
}
