//go:build slow

package chaos

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/pipeline"
)

const (
	digits = "../../model/testdata/digits_mlp.onnx"
	images = "../../model/testdata/digits_images.npy"
)

// topology is how many nodes there are, and who is next to whom.
type topology struct {
	name string
	next map[string][]string // fast and the slow nodes → those that they hand over to

	all     []string            // flags of every node
	workers []string            // flags of fast and the slow nodes
	only    map[string][]string // flags of one node
	results string              // file in which end keeps them; "": it does not
}

var topologies = []topology{
	{name: "one slow node", next: map[string][]string{"fast": {"slow"}, "slow": {"end"}}},
	{name: "two slow nodes", next: map[string][]string{"fast": {"slow1", "slow2"}, "slow1": {"end"}, "slow2": {"end"}}},
	{
		name: "chain", next: map[string][]string{"fast": {"slow1"}, "slow1": {"slow2"}, "slow2": {"end"}},
		workers: []string{"--model", digits}, only: map[string][]string{"fast": {"--cut", "1", "--cut", "3"}},
	},
}

// with adds flags of every node, and of fast and the slow nodes.
func (t topology) with(all, workers []string) topology {
	t.all, t.workers = slices.Concat(t.all, all), slices.Concat(t.workers, workers)
	return t
}

// nodes are those that listen, from the end of the pipeline to its beginning: the order in which they are started.
func (t topology) nodes() []string {
	nodes := []string{"end"}
	for _, name := range []string{"slow3", "slow2", "slow1", "slow", "fast"} {
		if t.next[name] != nil {
			nodes = append(nodes, name)
		}
	}
	return nodes
}

// slow are the slow nodes.
func (t topology) slow() []string {
	return slices.DeleteFunc(t.nodes(), func(name string) bool { return !strings.HasPrefix(name, "slow") })
}

// site is the processes of one topology. Each node has an address of its own, and keeps it when it is started again.
type site struct {
	t        *testing.T
	topology topology
	network  *network
	address  map[string]string
	faulty   map[string]*sync.Mutex

	mu        sync.Mutex
	processes map[string]*process
}

// newSite starts the nodes, and waits until they are ready.
func newSite(t *testing.T, top topology, namespaces bool) *site {
	t.Helper()
	s := &site{
		t: t, topology: top, network: newNetwork(t, namespaces, append(top.nodes(), "client")),
		address: make(map[string]string), processes: make(map[string]*process), faulty: make(map[string]*sync.Mutex),
	}
	for _, node := range s.network.nodes {
		s.faulty[node] = new(sync.Mutex)
		s.address[node] = s.network.listen(node)
	}
	for _, node := range top.nodes() {
		s.up(t, node)
	}
	return s
}

// up starts a node where it was before, and waits until it is ready.
func (s *site) up(t *testing.T, node string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		p := s.start(node)
		if line := p.line(t, &p.stderr, `"message":"ready"`); line != "" {
			var ready struct{ Address string }
			if err := json.Unmarshal([]byte(line), &ready); err != nil {
				t.Fatal(err)
			}
			s.address[node] = ready.Address
			return
		}
		// Somebody may have been given the port while it was free.
		if !strings.Contains(p.stderr.text(), "port is in use") || time.Now().After(deadline) {
			t.Fatalf("%s does not start: %s", node, p.stderr.text())
		}
	}
}

// start starts a node, the first time or again.
func (s *site) start(node string) *process {
	args := slices.Concat(s.topology.all, []string{"--role", strings.TrimRight(node, "123"), "--listen", s.address[node]})
	if node == "end" {
		args = append(args, "--format", "json")
		if s.topology.results != "" {
			args = append(args, "--results", s.topology.results)
		}
	} else {
		args = append(slices.Concat(args, s.topology.workers), "--wait", "5m") // what is below may be broken too
	}
	for _, next := range s.topology.next[node] {
		args = append(args, "--next", s.address[next])
	}
	if next := s.topology.next[node]; len(next) > 0 && next[0] != "end" {
		args = append(args, "--end", s.address["end"])
	}
	return s.launch(node, append(args, s.topology.only[node]...)...)
}

// client starts a client, of replicate with all slow nodes.
func (s *site) client(flags ...string) *process {
	args := []string{"--role", "client", "--format", "json", "--next", s.address["fast"]}
	if slices.Contains(flags, "replicate") {
		for _, node := range s.topology.slow() {
			args = append(args, "--next", s.address[node])
		}
	}
	return s.launch("client", slices.Concat(args, flags)...)
}

func (s *site) launch(node string, args ...string) *process {
	p := launch(s.t, s.network, node, append(args, "--log-format", "json")...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[node] = p
	return p
}

// process is the newest one of a node.
func (s *site) process(node string) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processes[node]
}

// run plays one run to its end, in which nothing goes wrong.
func (s *site) run(t *testing.T, flags ...string) pipeline.Report {
	t.Helper()
	return s.until(t, undisturbed, flags...)
}

// until plays a run to its end. On a machine that is not calm a neighbour may have seemed to be away, or frames may have come when
// there was no time for them: then it is played again, until all has gone well.
func (s *site) until(t *testing.T, well func(pipeline.Report) bool, flags ...string) (r pipeline.Report) {
	t.Helper()
	for range 10 {
		client := s.client(flags...)
		if r = s.sound(t, client); well(r) || client.machine.calm(t) {
			break
		}
	}
	return r
}

// whole is that everything arrives.
func whole(r pipeline.Report) bool { return undisturbed(r) && r.Coverage == 100 }

// shared is that both fast and slow have finished frames, or slow alone with baseline.
func shared(r pipeline.Report) bool {
	by := map[string]int64{}
	for _, n := range r.Nodes {
		by[n.Role] += n.Finished
	}
	return undisturbed(r) && by["slow"] > 0 && (by["fast"] > 0) == (r.Strategy != "baseline")
}

// undisturbed reports whether each frame of a run has one fate, and no node has seemed to be away.
func undisturbed(r pipeline.Report) bool {
	var gone int64
	for _, n := range r.Nodes {
		gone += n.Gone()
	}
	return r.Duplicates == 0 && r.Delivered+gone == r.Frames && onlyBusy(r.Notes)
}

// sound waits for a client's report, and checks that it adds up and that end has the same.
func (s *site) sound(t *testing.T, client *process) pipeline.Report {
	t.Helper()
	client.exit(t, 0)
	r, err := client.report()
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	text := strings.TrimSuffix(client.stdout.text(), "\n")
	if atEnd := s.process("end").line(t, &s.process("end").stdout, r.Run); atEnd != text {
		t.Errorf("client and end differ:\n%s\n%s", text, atEnd)
	}
	var roles []string
	for _, n := range r.Nodes {
		roles = append(roles, n.Role)
	}
	if !slices.Equal(slices.Compact(roles), []string{"client", "fast", "slow", "end"}) {
		t.Errorf("the report has the nodes %q", roles)
	}
	if r.Forgotten+r.Died != 0 || !undisturbed(r) && client.machine.calm(t) {
		t.Errorf("the report does not add up: %s", text)
	}
	return r
}

// report is what a client has printed.
func (p *process) report() (r pipeline.Report, err error) {
	if err = json.Unmarshal([]byte(p.stdout.text()), &r); err != nil {
		return r, fmt.Errorf("%s has printed no report, and said %s", p.name, p.stderr.text())
	}
	return r, nil
}

// check holds for every report.
func check(t *testing.T, r pipeline.Report) {
	t.Helper()
	if r.Unaccounted != 0 {
		text, _ := json.Marshal(r)
		t.Errorf("%d frames are unaccounted for: %s", r.Unaccounted, text)
	}
	ledgers(t, r)
}

func ledgers(t *testing.T, r pipeline.Report) {
	t.Helper()
	for _, n := range r.Nodes {
		if n.Here() != 0 {
			t.Errorf("%v: %d frames have no outcome", n, n.Here())
		}
	}
}

// parse reads a report of which nothing but the ledgers needs to add up.
func parse(t *testing.T, text string) (r pipeline.Report) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	ledgers(t, r)
	return r
}

// onlyBusy reports whether the notes say nothing but that this machine can't keep the devices' pace.
func onlyBusy(notes []string) bool {
	return !slices.ContainsFunc(notes, func(note string) bool { return !tooBusy(note) })
}

func tooBusy(note string) bool { return strings.Contains(note, "this machine was too busy") }

// dumps fails with the goroutines of all processes.
func (s *site) dumps(t *testing.T, why string) {
	t.Helper()
	t.Error(why)
	for _, node := range append(s.topology.nodes(), "client") {
		t.Logf("%s:\n%s", node, s.process(node).dump())
	}
	t.FailNow()
}
