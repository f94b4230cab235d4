//go:build slow

package chaos

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/strategy"
)

var soak = flag.Int("soak", 0, "frames to push through a small model, unpaced")

// needs is what a process has of the machine while no run is open.
type needs struct {
	resident    int // KB
	descriptors int
}

func (p *process) needs(t *testing.T) (n needs) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if kb := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status); kb != nil {
		n.resident, _ = strconv.Atoi(string(kb[1])) // the pattern has digits only
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	n.descriptors = len(open)
	return n
}

// goroutines ends the process, and counts those that the program has started.
func (p *process) goroutines() (n int) {
	for text := range strings.SplitSeq(p.dump(), "\n\n") {
		if strings.HasPrefix(text, "goroutine ") && !strings.Contains(text, "created by runtime.") && !strings.Contains(text, "goroutine 1 ") {
			n++
		}
	}
	return n
}

// How much more a node may need at the end than at the beginning: buffers and windows grow with what passes, up to a bound.
const (
	moreResident    = 24 << 10 // KB
	moreDescriptors = 8
	moreGoroutines  = 8
)

// Very many frames pass, with every strategy in turn, and each node is killed under full load and started again. What
// the nodes need does not grow.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("for a soak name its frames with -soak")
	}
	top := topologies[0].with([]string{"--idle", "5s"}, []string{"--model", digits, "--threads", "1", "--queue", "64"})
	s := newSite(t, top, false)

	// At the beginning: after a few frames, when everything has been used once.
	s.pass(t, "balance", 20_000, "")
	before, goroutines := make(map[string]needs), make(map[string]int)
	for _, node := range top.nodes() {
		before[node] = s.process(node).needs(t)
	}
	for _, node := range top.nodes() {
		goroutines[node] = s.process(node).goroutines()
		s.up(t, node)
	}

	// In the first round a node is killed in each run, in the second none is.
	all := strategy.All()
	rounds, began := 2, time.Now()
	nodes := top.nodes()
	var total, delivered, faults int64
	for i := range rounds * len(all) {
		victim := ""
		if i < len(all) {
			victim = nodes[i%len(nodes)]
		}
		f, d, killed := s.pass(t, all[i%len(all)].Name, *soak/(rounds*len(all)), victim)
		total, delivered = total+f, delivered+d
		if killed {
			faults++
		}
	}

	for _, node := range nodes {
		b, a := before[node], s.process(node).needs(t)
		if a.resident > b.resident+moreResident || a.descriptors > b.descriptors+moreDescriptors {
			t.Errorf("%s needs %+v in the end, and %+v at the beginning", node, a, b)
		}
		t.Logf("%s: resident %d KB at the beginning, %d KB in the end; descriptors %d, %d", node, b.resident, a.resident, b.descriptors, a.descriptors)
	}
	for _, node := range nodes {
		n := s.process(node).goroutines()
		if n > goroutines[node]+moreGoroutines {
			t.Errorf("%s has %d goroutines in the end, and %d at the beginning:\n%s", node, n, goroutines[node], s.process(node).stderr.text())
		}
		t.Logf("%s: %d goroutines at the beginning, %d in the end", node, goroutines[node], n)
	}
	t.Logf("%d frames, %d delivered, %d nodes killed, %.0f frames a second", total, delivered, faults, float64(total)/time.Since(began).Seconds())
}

// pass plays one run, and kills a node in the midst of it, where the run lasts that long.
func (s *site) pass(t *testing.T, strategy string, frames int, victim string) (sent, delivered int64, killed bool) {
	t.Helper()
	began := time.Now()
	p := s.client("--strategy", strategy, "--frames", strconv.Itoa(frames), "--interval", "0", "--input", images)
	if victim != "" && !p.exits(3*time.Second) {
		s.process(victim).kill()
		time.Sleep(time.Second)
		s.start(victim)
		killed = true
	}
	if !p.exits(time.Minute + time.Duration(frames)*time.Millisecond) {
		s.dumps(t, "the client does not end")
	}
	r, err := p.report()
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	if !killed {
		victim = "none"
	}
	t.Logf("%s: %d frames, %d delivered, %d forgotten, %d died, %d twice, %.0f s; killed: %s",
		strategy, r.Frames, r.Delivered, r.Forgotten, r.Died, r.DoubleCounted, time.Since(began).Seconds(), victim)
	return r.Frames, r.Delivered, killed
}
