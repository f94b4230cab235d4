//go:build slow

package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/role/discover"
)

// avahi starts a daemon on each node, which gives it the name NODE.local. Each has a /run of its own.
func avahi(t *testing.T, n *network, nodes ...string) {
	t.Helper()
	var daemons []*process
	for _, node := range nodes {
		file := filepath.Join(t.TempDir(), "avahi.conf")
		text := fmt.Sprintf("[server]\nhost-name=%s\nenable-dbus=no\nuse-ipv4=yes\nuse-ipv6=yes\n", node)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p := &process{name: "avahi on " + node, ended: make(chan struct{})}
		p.Cmd = n.command(node, "sh", "-c", `mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && exec avahi-daemon --no-drop-root --no-chroot -f "$0"`, file)
		p.Stdout, p.Stderr = &p.stdout, &p.stderr
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { // ends with the process, which the cleanup kills
			defer close(p.ended)
			_ = p.Wait()
		}()
		t.Cleanup(p.kill)
		daemons = append(daemons, p)
	}
	for _, p := range daemons {
		if p.line(t, &p.stderr, "Server startup complete") == "" {
			t.Fatalf("%s does not start: %s", p.name, p.stderr.text())
		}
	}
}

var site4 = []string{"end", "slow", "fast", "client"}

// withAvahi plays with nodes on which avahi runs, and on which it does not.
func withAvahi(t *testing.T, play func(t *testing.T, n *network, with bool)) {
	for name, with := range map[string]bool{"with avahi": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needed(t)
			if with {
				needed(t, "avahi-daemon")
			}
			n := newNetwork(t, true, append(site4, "laptop"))
			if with {
				avahi(t, n, n.nodes...)
			}
			play(t, n, with)
		})
	}
}

// Four nodes that are told their roles and nothing else find each other, whoever is first, and a laptop sees them: on an idle
// machine frames flow within ten seconds, and each is found within ten of being there. One that leaves politely is not
// seen any more.
func TestNodesFindEachOther(t *testing.T) {
	t.Parallel()
	withAvahi(t, func(t *testing.T, n *network, _ bool) {
		if _, err := build(); err != nil {
			t.Fatal(err)
		}
		for _, order := range [][]string{{"client", "fast", "slow", "end"}, {"slow", "client", "end", "fast"}} {
			began, machine := time.Now(), watch(t)
			started := map[string]*process{}
			for _, node := range order {
				args := []string{"--role", node, "--log-format", "json"}
				if node != "end" {
					args = append(args, "--wait", "5m")
				}
				if node == "client" {
					args = append(args, "--frames", "10", "--format", "json") // as many as fit in a queue, however busy the machine is
				}
				started[node] = launch(t, n, node, args...)
			}
			client := started["client"]
			client.exit(t, 0)
			took := time.Since(began)
			r, err := client.report()
			if err != nil {
				t.Fatal(err)
			}
			check(t, r)
			if r.Delivered != 10 {
				t.Errorf("%d frames have arrived", r.Delivered)
			}
			var longest time.Duration
			for node, of := range map[string]string{"client": "fast", "fast": "end", "slow": "end"} {
				longest = max(longest, started[node].stderr.when("found the "+of+" node").Sub(started[of].stderr.when(`"message":"ready"`)))
			}
			if longest > 10*time.Second && machine.calm(t) {
				t.Errorf("one that was ready was found after %v", longest)
			}
			t.Logf("%v: each found within %.1f s, and 10 frames in %.1f s", order, longest.Seconds(), took.Seconds())
			sees(t, n, "laptop", "end", "fast", "slow")
			started["slow"].signal(syscall.SIGTERM)
			started["slow"].exit(t, 0)
			sees(t, n, "laptop", "end", "fast")
			for _, p := range started {
				p.kill()
			}
		}
	})
}

// sees waits until tandem nodes lists nodes of these roles on a node, in the order of their names, each with what it answers. It
// looks for no longer than a calm machine needs, so it may have to look again.
func sees(t *testing.T, n *network, node string, roles ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		machine := watch(t)
		p := launch(t, n, node, "nodes", "--json")
		p.exit(t, 0)
		var seen []string
		for line := range strings.Lines(p.stdout.text()) {
			var s discover.Seen
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				t.Fatal(err)
			}
			if s.Error == "" && s.Version != "" {
				seen = append(seen, string(s.Role))
			}
		}
		if slices.Equal(seen, roles) {
			return
		}
		if machine.calm(t) || time.Now().After(deadline) {
			t.Fatalf("%s sees %q, want %q: %s", node, seen, roles, p.stdout.text())
		}
	}
}

// The static binary knows the names that avahi gives to Raspberry Pis, and link-local addresses with the interface to them.
func TestNamesInLocal(t *testing.T) {
	t.Parallel()
	needed(t, "avahi-daemon")
	n := newNetwork(t, true, site4)
	avahi(t, n, site4...)
	launch(t, n, "end", "--role", "end", "--announce=false")
	launch(t, n, "slow", "--role", "slow", "--next", "end.local", "--wait", "5m", "--announce=false")
	launch(t, n, "fast", "--role", "fast", "--next", "slow.local", "--end", "end.local", "--wait", "5m", "--announce=false")
	for _, next := range []string{"fast.local", "[" + linkLocal(t, n, "fast") + "%eth0]"} {
		client := launch(t, n, "client", "--role", "client", "--next", next, "--frames", "10", "--wait", "5m", "--format", "json")
		client.exit(t, 0)
		r, err := client.report()
		if err != nil || r.Delivered != 10 {
			t.Errorf("%s: %d frames have arrived: %v", next, r.Delivered, err)
		}
	}
}

// linkLocal is the IPv6 address that a node's interface has given itself.
func linkLocal(t *testing.T, n *network, node string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) { // it is tried for duplicates first
		out, err := n.command(node, "ip", "-6", "-o", "addr", "show", "dev", "eth0", "scope", "link", "-tentative").Output()
		if err != nil {
			t.Fatal(err)
		}
		if _, after, is := strings.Cut(string(out), "inet6 "); is {
			address, _, _ := strings.Cut(after, "/")
			return address
		}
	}
	t.Skip("eth0 has no link-local address here")
	return ""
}

// Of two pipelines on one network a client is told that it has to choose, and how.
func TestTwoPipelinesOnANetwork(t *testing.T) {
	t.Parallel()
	needed(t)
	n := newNetwork(t, true, []string{"end1", "end2", "fast1", "fast2", "slow1", "slow2", "client"})
	var nodes []*process
	for i, name := range []string{"door", "yard"} {
		for _, role := range []string{"end", "slow", "fast"} {
			nodes = append(nodes, launch(t, n, fmt.Sprint(role, i+1), "--role", role, "--pipeline", name, "--wait", "5m", "--log-format", "json"))
		}
	}
	ready(t, nodes...)
	lost := launch(t, n, "client", "--role", "client", "--frames", "5")
	lost.exit(t, 1)
	if text := lost.stderr.text(); !strings.Contains(text, "pipeline door and pipeline yard") || !strings.Contains(text, "--pipeline door") {
		t.Errorf("it says %s", text)
	}
	client := launch(t, n, "client", "--role", "client", "--pipeline", "yard", "--frames", "5", "--format", "json")
	client.exit(t, 0)
	r, err := client.report()
	if err != nil || r.Delivered != 5 {
		t.Errorf("%d frames have arrived: %v", r.Delivered, err)
	}
	if end1 := delivered(t, n, "end1"); end1 != 0 {
		t.Errorf("the other pipeline has had %d frames", end1)
	}
}
