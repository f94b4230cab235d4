//go:build slow

package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
)

// needed skips where namespaces are not permitted, or a program is missing.
func needed(t *testing.T, programs ...string) {
	t.Helper()
	if why := permitted(); why != "" {
		t.Skip(why)
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%v: apt-get install %s", err, map[string]string{"dnsmasq": "dnsmasq-base"}[p])
		}
	}
}

// nameserver is dnsmasq on a node, and what it says of one name.
type nameserver struct {
	t       *testing.T
	hosts   string // a file
	process *os.Process
	log     stream // has the questions
}

// newNameserver starts one on a node, and has every process that launches on another node ask it.
func newNameserver(t *testing.T, n *network, node string, addresses ...string) *nameserver {
	t.Helper()
	folder := t.TempDir()
	s := &nameserver{t: t, hosts: filepath.Join(folder, "hosts")}
	s.write(addresses...)
	resolv := filepath.Join(folder, "resolv.conf")
	if err := os.WriteFile(resolv, []byte("nameserver "+n.host(node)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	n.resolv = resolv
	cmd := n.command(node, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=",
		"--addn-hosts="+s.hosts, "--srv-host=_tandem._tcp.slow.example,slow.example,12345", "--local-ttl=1", "--log-queries", "--log-facility=-")
	cmd.Stderr = &s.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s.process = cmd.Process
	return s
}

// says makes slow.example stand for these addresses.
func (s *nameserver) says(addresses ...string) {
	s.t.Helper()
	s.write(addresses...)
	if err := s.process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
}

// looks is how often the name's addresses have been asked for.
func (s *nameserver) looks() int { return strings.Count(s.log.text(), "query[A] slow.example") }

func (s *nameserver) write(addresses ...string) {
	s.t.Helper()
	var text strings.Builder
	for _, a := range addresses {
		fmt.Fprintln(&text, a, "slow.example")
	}
	if err := os.WriteFile(s.hosts, []byte(text.String()), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// A name stands for one slow node, then for three, then for two: within five seconds each that is named gets frames, and one that
// is not named any more gets none; on a machine that is too busy for that it is within so many looks at the name, which are a
// second apart. What a node has that leaves is handed on. Where more frames come than can be computed, the rate is what the nodes can
// do; where fewer come, none is lost on the way from one set of nodes to the other.
func TestNextFollowsWhatDNSSays(t *testing.T) {
	t.Parallel()
	needed(t, "dnsmasq", "curl")
	for _, test := range []struct{ next, interval string }{
		{"dns:slow.example:12345", "25ms"},
		{"srv:_tandem._tcp.slow.example", "60ms"},
	} {
		t.Run(test.next[:3]+" "+test.interval, func(t *testing.T) {
			t.Parallel()
			slow := []string{"slow1", "slow2", "slow3"}
			n := newNetwork(t, true, slices.Concat([]string{"end", "fast", "client", "dns"}, slow))
			var at []string
			for _, node := range slow {
				at = append(at, n.host(node))
			}
			dns := newNameserver(t, n, "dns", at[0])
			const device = "head=2ms,tail=100ms,load=100ms" // a slow node finishes 10 frames a second, and fast nearly as many
			start := func(name string, args ...string) *process {
				return launch(t, n, name, append(args, "--wait", "5m", "--announce=false", "--log-format", "json")...)
			}
			nodes := []*process{start("end", "--role", "end")}
			for _, name := range slow {
				nodes = append(nodes, start(name, "--role", "slow", "--emulate", device, "--next", n.host("end")))
			}
			nodes = append(nodes, start("fast", "--role", "fast", "--emulate", device, "--next", test.next, "--end", n.host("end")))
			ready(t, nodes...)
			client := launch(t, n, "client", "--role", "client", "--next", n.host("fast"), "--interval", test.interval, "--frames", "0", "--format", "json")

			// forwards waits until these slow nodes get frames, and none of the others, and returns how long that took, in time
			// and in looks at the name.
			forwards := func(want []string, others ...string) (took time.Duration, looks int) {
				t.Helper()
				began, looked := time.Now(), dns.looks()
				for {
					before := receivedBy(t, n, slow)
					took, looks = time.Since(began), dns.looks()-looked
					time.Sleep(time.Second)
					now := receivedBy(t, n, slow)
					gets := func(name string) bool { return now[name] > before[name] }
					idle := func(name string) bool { return !gets(name) }
					if !slices.ContainsFunc(want, idle) && !slices.ContainsFunc(others, gets) {
						return took, looks
					}
					if time.Since(began) > patience {
						t.Fatalf("%q should get frames, and %q none: %v, and %v a second before", want, others, now, before)
					}
				}
			}
			overload := test.interval == "25ms"
			// rate waits until the rate is one that holds, as it will be soon.
			rate := func(holds func(float64) bool) (r float64) {
				t.Helper()
				for began := time.Now(); overload; { // else it is that of the frames which come
					if r = measure(t, n, "end", 3*time.Second); holds(r) {
						break
					}
					if time.Since(began) > patience {
						t.Fatalf("the rate is %.1f f/s", r)
					}
				}
				return r
			}
			forwards(slow[:1], slow[1:]...)
			one := rate(func(r float64) bool { return r > 0 })
			dns.says(at...)
			some := slow
			if !overload { // the third may have nothing to do
				some = slow[:2]
			}
			joined, joinLooks := forwards(some)
			three := rate(func(r float64) bool { return r > one+14 })
			dns.says(at[0], at[2])
			left, leaveLooks := forwards([]string{"slow1", "slow3"}, "slow2")
			two := rate(func(r float64) bool { return r < three-7 && r > one+5 })
			client.signal(syscall.SIGINT)
			client.exit(t, 0)
			r, err := client.report()
			if err != nil {
				t.Fatal(err)
			}
			check(t, r)
			t.Logf("1 → 3 in %.1f s and %d looks, 3 → 2 in %.1f s and %d looks; %.1f, %.1f, %.1f f/s; coverage %.2f %% of %d, %d unaccounted, %d died, notes %q",
				joined.Seconds(), joinLooks, left.Seconds(), leaveLooks, one, three, two, r.Coverage, r.Frames, r.Unaccounted, r.Died, r.Notes)
			if !client.machine.steady() {
				return // how long it took, and what was lost meanwhile, says nothing
			}
			looks, coverage := 5, 99.5
			if slices.ContainsFunc(r.Notes, tooBusy) { // opening a run, too, takes long then
				looks, coverage = 15, 95
			}
			if joined > 5*time.Second && joinLooks > looks || left > 5*time.Second && leaveLooks > looks {
				t.Errorf("it took %v and %d looks to use two more, and %v and %d to leave one", joined, joinLooks, left, leaveLooks)
			}
			if !overload && r.Coverage < coverage {
				t.Errorf("coverage %.2f", r.Coverage)
			}
			if r.Died != 0 || len(r.Missing) != 0 {
				t.Errorf("%d died, missing %v: %s", r.Died, r.Missing, client.stdout.text())
			}
		})
	}
}

// ready waits until nodes are ready, which log JSON.
func ready(t *testing.T, nodes ...*process) {
	t.Helper()
	for _, p := range nodes {
		if p.line(t, &p.stderr, `"message":"ready"`) == "" {
			t.Fatalf("%s does not start: %s", p.name, p.stderr.text())
		}
	}
}

// receivedBy is how many frames slow nodes have received in all.
func receivedBy(t *testing.T, n *network, nodes []string) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	for _, name := range nodes {
		for _, s := range statusOf(t, n, name).Nodes {
			if s.Role == "slow" {
				all[name] = s.Received
			}
		}
	}
	return all
}

type status struct {
	Nodes []pipeline.Status
	Live  *pipeline.Live
}

// statusOf reads /status from within a node's namespace.
func statusOf(t *testing.T, n *network, node string) (s status) {
	t.Helper()
	out, err := n.command(node, "curl", "-s", "--max-time", "60", "http://"+n.host(node)+":12345/status").Output()
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		t.Fatalf("%s: %v: %s", node, err, out)
	}
	return s
}

// measure is the rate of arrivals at end.
func measure(t *testing.T, n *network, end string, over time.Duration) float64 {
	t.Helper()
	began, before := time.Now(), delivered(t, n, end)
	time.Sleep(over)
	return float64(delivered(t, n, end)-before) / time.Since(began).Seconds()
}

func delivered(t *testing.T, n *network, end string) int64 {
	t.Helper()
	s := statusOf(t, n, end)
	if s.Live == nil {
		return 0
	}
	return s.Live.Delivered
}
