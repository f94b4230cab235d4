//go:build slow

package chaos

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endless starts a client that goes on until it is stopped, and returns when its first frames have arrived.
func (s *site) endless(t *testing.T) *process {
	t.Helper()
	before := s.delivered(t)
	p := s.client("--frames", "0", "--interval", "5ms", "--strategy", "alternate")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); s.delivered(t) < before+10; <-tick.C {
		if time.Now().After(deadline) || p.exits(0) {
			t.Fatalf("no frames arrive: %s", p.stderr.text())
		}
	}
	return p
}

// delivered is the number of results since end was started.
func (s *site) delivered(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(s.topology.results)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

var light = []string{"--model", digits, "--emulate", "head=1ms,tail=2ms,load=5ms"}

func TestSecondRunIsRefused(t *testing.T) {
	t.Parallel()
	s := fourProcesses(t, nil, light)
	first := s.endless(t)
	second := s.client()
	second.exit(t, 1)
	for _, want := range []string{"busy", "is active on the fast node", "close it"} {
		if !strings.Contains(second.stderr.text(), want) {
			t.Errorf("it says %q: %q is missing", second.stderr.text(), want)
		}
	}
	if second.stdout.text() != "" {
		t.Errorf("it prints %q", second.stdout.text())
	}
	first.signal(syscall.SIGTERM) // ends the intake, and what is on the way is still reported
	if r := s.sound(t, first); r.Delivered < 10 || r.Frames < r.Delivered {
		t.Errorf("%+v", r)
	}

	code, _, astray := tandem(t, "--role", "client", "--next", s.address["end"])
	if want := "--next " + s.address["end"] + " is the wrong node: it is of role end: name the fast node"; code != 1 || !strings.Contains(astray, want) {
		t.Errorf("code %d: it says %q, want %q", code, astray, want)
	}
	s.run(t, quickly...)
}

// A node that is told to stop works off what it has, says so in the report, and is missed by nobody when it is back.
func TestNodeStopsDuringRun(t *testing.T) {
	t.Parallel()
	for _, r := range []string{"fast", "slow", "end"} {
		t.Run(r, func(t *testing.T) {
			t.Parallel()
			s := fourProcesses(t, nil, light)
			client := s.endless(t)
			end := s.process("end")
			s.process(r).signal(syscall.SIGTERM)
			s.process(r).exit(t, 0)
			client.signal(syscall.SIGTERM)
			if !client.exits(patience) {
				t.Fatal("the client does not end")
			}
			line := end.line(t, &end.stdout, "was stopped during the run")
			if report := parse(t, line); report.Delivered < 10 {
				t.Errorf("%+v", report)
			}
			s.up(t, r)
			s.run(t, quickly...)
		})
	}
}

// A client that is gone without a word holds its run open no longer than --idle.
func TestClientIsKilled(t *testing.T) {
	t.Parallel()
	s := fourProcesses(t, []string{"--idle", "5s"}, light)
	client := s.endless(t)
	client.kill()
	end := s.process("end")
	line := end.line(t, &end.stdout, "client was silent for 5s and did not close the run")
	if r := parse(t, line); r.Delivered < 10 {
		t.Errorf("%+v", r)
	}
	s.run(t, quickly...)
}
