package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
)

// topology is how many nodes there are, and who is next to whom.
type topology struct {
	name  string
	model []string            // flags of fast and the slow nodes
	next  map[string][]string // fast and the slow nodes → those that they hand over to
	cuts  []string            // flags of fast
}

const (
	digits = "../../model/testdata/digits_mlp.onnx"
	images = "../../model/testdata/digits_images.npy"
)

var topologies = []topology{
	{name: "one slow node", next: map[string][]string{"fast": {"slow"}, "slow": {"end"}}},
	{name: "two slow nodes", next: map[string][]string{"fast": {"slow1", "slow2"}, "slow1": {"end"}, "slow2": {"end"}}},
	{
		name: "chain", model: []string{"--model", digits}, cuts: []string{"--cut", "1", "--cut", "3"},
		next: map[string][]string{"fast": {"slow1"}, "slow1": {"slow2"}, "slow2": {"end"}},
	},
}

// nodes are those that listen, from the end of the pipeline to its beginning: the order in which they are started.
func (t topology) nodes() []string {
	nodes := []string{"end"}
	for _, name := range []string{"slow2", "slow1", "slow", "fast"} {
		if t.next[name] != nil {
			nodes = append(nodes, name)
		}
	}
	return nodes
}

// site is the processes of one topology.
type site struct {
	t        *testing.T
	program  string
	topology topology
	network  *network
	address  map[string]string
	flags    []string // of all nodes
	workers  []string // flags of fast and the slow nodes
	faulty   map[string]*sync.Mutex

	mu        sync.Mutex
	processes map[string]*process
}

func newSite(t *testing.T, program string, top topology, namespaces bool, flags, workers []string) *site {
	t.Helper()
	s := &site{
		t: t, program: program, topology: top, flags: flags, workers: slices.Concat(top.model, workers),
		network: newNetwork(t, namespaces, append(top.nodes(), "client")),
		address: make(map[string]string), processes: make(map[string]*process),
		faulty: make(map[string]*sync.Mutex),
	}
	for _, node := range s.network.nodes {
		s.faulty[node] = new(sync.Mutex)
	}
	for _, node := range top.nodes() {
		s.address[node] = s.network.host(node) + ":12345"
		if !namespaces {
			s.address[node] = free(t)
		}
	}
	for _, node := range top.nodes() {
		s.start(node)
		s.process(node).expect(t, `"message":"ready"`)
	}
	return s
}

// free is a loopback address that nobody listens on. A node has to find it free again after its restart.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts a node, the first time or again.
func (s *site) start(node string) {
	args := slices.Concat(s.flags, []string{"--role", strings.TrimRight(node, "12"), "--listen", s.address[node]})
	if node == "end" {
		args = append(args, "--format", "json")
	} else {
		args = append(slices.Concat(args, s.workers), "--wait", "1m") // what is below may be broken too
	}
	for _, next := range s.topology.next[node] {
		args = append(args, "--next", s.address[next])
	}
	if next := s.topology.next[node]; len(next) > 0 && next[0] != "end" {
		args = append(args, "--end", s.address["end"])
	}
	if node == "fast" {
		args = append(args, s.topology.cuts...)
	}
	s.launch(node, args...)
}

// client starts a client.
func (s *site) client(strategy string, flags ...string) *process {
	args := []string{"--role", "client", "--format", "json", "--strategy", strategy, "--next", s.address["fast"]}
	if strategy == "replicate" {
		for _, node := range s.topology.nodes() {
			if strings.HasPrefix(node, "slow") {
				args = append(args, "--next", s.address[node])
			}
		}
	}
	return s.launch("client", slices.Concat(args, flags)...)
}

func (s *site) launch(node string, args ...string) *process {
	p := &process{name: node, Cmd: s.network.command(node, s.program, append(args, "--log-format", "json")...), ended: make(chan struct{})}
	p.Env = append(os.Environ(), "GOTRACEBACK=all")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		s.t.Error(err)
		close(p.ended)
		return p
	}
	go func() { // ends with the process, which the cleanup kills
		defer close(p.ended)
		_ = p.Wait() // the code says it all
	}()
	s.t.Cleanup(p.kill)
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

// process is one run of the program.
type process struct {
	*exec.Cmd
	name           string
	stdout, stderr stream
	ended          chan struct{}
}

func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended
	<-p.ended
}

func (p *process) signal(s syscall.Signal) { _ = p.Process.Signal(s) } // it may have ended

// exits reports whether the process ends within a time.
func (p *process) exits(within time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(within):
		return false
	}
}

// expect waits until the process has said something on stderr.
func (p *process) expect(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(p.stderr.text(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) || p.exits(0) {
			t.Fatalf("%s does not say %s: %s", p.name, text, p.stderr.text())
		}
	}
}

// report is what a client has printed.
func (p *process) report() (r pipeline.Report, err error) {
	if err = json.Unmarshal([]byte(p.stdout.text()), &r); err != nil {
		return r, fmt.Errorf("%s has printed no report, and said %s", p.name, p.stderr.text())
	}
	return r, nil
}

// dump ends the process and returns what its goroutines were about.
func (p *process) dump() string {
	before := len(p.stderr.text())
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGQUIT)
	if !p.exits(10 * time.Second) {
		p.kill()
	}
	return p.stderr.text()[before:]
}

// stream keeps what a process writes.
type stream struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written.Write(b)
}

func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written.String()
}

// build builds the program once for all tests of this process.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "tandem")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "tandem")
	if out, err := exec.Command("go", "build", "-o", program, "tandem").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return program, nil
})
