//go:build slow

package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen, on a machine that is busy with other things.
const patience = 3 * time.Minute

// build builds the static program once for all tests.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "tandem")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "tandem")
	build := exec.Command("go", "build", "-o", program, "tandem")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as on Raspberry Pis: with cgo, names are looked up by the system's library
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("%w: %s", err, out), os.RemoveAll(folder))
	}
	return program, nil
})

// TestMain leaves nothing behind: neither settings of whoever runs the tests for the nodes, nor the program.
func TestMain(m *testing.M) {
	for _, s := range os.Environ() {
		if name, _, _ := strings.Cut(s, "="); strings.HasPrefix(name, "TANDEM_") {
			_ = os.Unsetenv(name)
		}
	}
	go beat()
	code := m.Run()
	if program, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

// process is one run of the program.
type process struct {
	*exec.Cmd
	name           string
	machine        pace // since it was launched
	stdout, stderr stream
	ended          chan struct{} // closed when its exit code stands
}

// launch starts the program on a node of a network. It does not outlive the test, and is quoted where that fails.
func launch(t *testing.T, on *network, name string, args ...string) *process {
	t.Helper()
	p := &process{name: name, machine: watch(t), ended: make(chan struct{})}
	program, err := build()
	if err == nil {
		p.Cmd = on.command(name, program, args...)
		p.Env = append(os.Environ(), "GOTRACEBACK=all", "XDG_CACHE_HOME="+filepath.Join(filepath.Dir(program), "cache"))
		p.Stdout, p.Stderr = &p.stdout, &p.stderr
		err = p.Start()
	}
	if err != nil {
		t.Error(err) // a fault's mending may start it, on another goroutine than the test's
		close(p.ended)
		return p
	}
	go func() { // ends with the process, which the cleanup kills
		defer close(p.ended)
		_ = p.Wait() // the code says it all
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			text, _, _ := strings.Cut(p.stderr.text(), "SIGQUIT: quit") // goroutines are shown where they matter
			t.Logf("%s %q: code %d\n%s%s", name, args, p.code(), p.stdout.text(), text[max(0, len(text)-4000):])
		}
	})
	return p
}

// tandem runs the program to its end.
func tandem(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := launch(t, &network{}, "tandem", args...)
	if !p.exits(patience) {
		t.Fatalf("tandem %q does not end by itself", args)
	}
	return p.code(), p.stdout.text(), p.stderr.text()
}

func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// signal may come too late.
func (p *process) signal(s syscall.Signal) {
	if p.Cmd != nil && p.Process != nil {
		_ = p.Process.Signal(s)
	}
}

// exits reports whether the process ends within a time.
func (p *process) exits(within time.Duration) bool {
	select {
	case <-p.ended:
		return true
	default:
	}
	select {
	case <-p.ended:
		return true
	case <-time.After(within):
		return false
	}
}

// code is that of an ended process; -1: it was killed by a signal.
func (p *process) code() int { return p.ProcessState.ExitCode() }

// exit waits until the process has ended, and checks its code.
func (p *process) exit(t *testing.T, want int) {
	t.Helper()
	if !p.exits(patience) {
		t.Fatalf("%s does not end", p.name)
	}
	if p.code() != want {
		t.Fatalf("%s: code %d, want %d: %s", p.name, p.code(), want, p.stderr.text())
	}
}

// line waits for a line that contains all the texts. It is "" where the process ends without it.
func (p *process) line(t *testing.T, s *stream, texts ...string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		ended := p.exits(0) // asked first, as what it wrote last comes before it
		line := s.find(texts)
		if line != "" || ended {
			return line
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not say %q: %s", p.name, texts, s.text())
		}
	}
}

// dump ends the process and returns what its goroutines were about.
func (p *process) dump() string {
	before := len(p.stderr.text())
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGQUIT)
	if !p.exits(patience) {
		p.kill()
	}
	return p.stderr.text()[before:]
}

// stream keeps what a process writes, and when.
type stream struct {
	mu      sync.Mutex
	written []byte
	lengths []int // after each piece
	times   []time.Time
}

func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, b...)
	s.lengths, s.times = append(s.lengths, len(s.written)), append(s.times, time.Now())
	return len(b), nil
}

// when is the moment at which a text was first written; zero: it was not.
func (s *stream) when(text string) (t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := bytes.Index(s.written, []byte(text)); at >= 0 {
		piece, _ := slices.BinarySearch(s.lengths, at+len(text))
		t = s.times[piece]
	}
	return t
}

func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.written)
}

// find returns the last whole line that contains all the texts; "": there is none.
func (s *stream) find(texts []string) string {
	lines := strings.Split(s.text(), "\n")
	for _, line := range slices.Backward(lines[:len(lines)-1]) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			return line
		}
	}
	return ""
}
