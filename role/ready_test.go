package role

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/target"
	"tandem/transport"
)

func TestProbes(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.SlowNodes = 2
		nodes := startQuick(t, c)
		ready := func(s *server, want int, says ...string) {
			t.Helper()
			s.below.Forget() // the answer of a moment ago is not enough
			code, _, text := get(t, c, s, "/readyz")
			if code != want || strings.Count(text, "\n") != 1 {
				t.Errorf("code %d, want %d: %q", code, want, text)
			}
			for _, one := range says {
				if !strings.Contains(text, one) {
					t.Errorf("%q is missing: %q", one, text)
				}
			}
		}
		all := []*server{nodes.fast, nodes.slow[0], nodes.slow[1], nodes.end}
		for _, s := range all {
			if code, _, text := get(t, c, s, "/healthz"); code != http.StatusOK || text != "ok\n" {
				t.Errorf("code %d: %q", code, text)
			}
			ready(s, http.StatusOK, "ready")
			if code, _, _ := get(t, c, s, "/no-such-page"); code != http.StatusNotFound {
				t.Errorf("code %d for what there is not", code)
			}
		}
		if _, _, text := get(t, c, nodes.fast, "/"); !strings.Contains(text, "fast node") || !strings.Contains(text, "end node") {
			t.Errorf("%q", text)
		}
		stop := func(s *server) {
			if err := s.stop(); err != nil {
				t.Error(err)
			}
		}
		stop(nodes.slow[0])
		ready(nodes.fast, http.StatusOK, "ready, but ", "slow ("+nodes.slow[0].address+")") // the other is enough
		stop(nodes.slow[1])
		ready(nodes.fast, http.StatusServiceUnavailable, "a node below does not answer", "slow ("+nodes.slow[0].address+")", "slow ("+nodes.slow[1].address+")")
		stop(nodes.end)
		ready(nodes.fast, http.StatusServiceUnavailable, "slow ("+nodes.slow[0].address+")", "end ("+nodes.end.address+")")
		if code, _, text := get(t, c, nodes.fast, "/healthz"); code != http.StatusOK {
			t.Errorf("code %d: %q", code, text)
		}
		nodes.slow, nodes.end = nil, nil // they are stopped
	})
}

// A node that is being stopped says so while it works off what it has, and so does the one above it.
func TestStoppingNodeIsNotReady(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		entered, leave := make(chan struct{}), make(chan struct{})
		begin := nodes.slow[0].node.begin
		nodes.slow[0].node.begin = func(ctx context.Context, o beginning) (part, transport.Opened, error) {
			p, opened, err := begin(ctx, o)
			return &heldUp{p, entered, leave}, opened, err
		}
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Slow, nodes.slow[0].address), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{2}})
		if err != nil {
			t.Fatal(err)
		}
		stopped := make(chan struct{})
		go func() {
			nodes.slow[0].node.stop()
			close(stopped)
		}()
		<-entered
		if code, _, text := get(t, c, nodes.slow[0], "/readyz"); code != http.StatusServiceUnavailable || !strings.HasPrefix(text, "stopping") {
			t.Errorf("code %d: %q", code, text)
		}
		if code, _, text := get(t, c, nodes.fast, "/readyz"); code != http.StatusServiceUnavailable || !strings.HasPrefix(text, "a node below is stopping") {
			t.Errorf("code %d: %q", code, text)
		}
		if code, _, _ := get(t, c, nodes.slow[0], "/healthz"); code != http.StatusOK {
			t.Errorf("code %d", code)
		}
		close(leave)
		<-stopped
		e.Silence()
	})
}

// A node that is only starting answers, so it is not taken for one that hangs, and who opens a run waits for it.
func TestStartingNodeIsWaitedFor(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		slow := nodes.slow[0]
		slow.node.built = make(chan struct{})
		if code, _, text := get(t, c, slow, "/readyz"); code != http.StatusServiceUnavailable || !strings.HasPrefix(text, "starting") {
			t.Errorf("code %d: %q", code, text)
		}
		client := newClient(c, slow.address)
		if _, err := (target.Target{Client: client, Flag: "--next", Role: options.Slow}).Ask(t.Context(), "me"); err != nil {
			t.Error(err)
		}
		opened := make(chan error)
		go func() {
			e, _, err := edge.Open(t.Context(), edge.Config{Target: target.Target{Client: client, Flag: "--next", Role: options.Slow}, From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{2}})
			if err == nil {
				_, err = e.Close(t.Context(), edge.Ending{})
			}
			opened <- err
		}()
		select {
		case err := <-opened:
			t.Fatalf("a run is open on a node that is starting: %v", err)
		case <-time.After(20 * time.Millisecond): // it may well be longer
		}
		close(slow.node.built)
		if err := <-opened; err != nil {
			t.Error(err)
		}
	})
}

// heldUp is a part whose closing waits.
type heldUp struct {
	part
	entered, leave chan struct{}
}

func (p *heldUp) Close(ctx context.Context, end edge.Ending) (pipeline.Report, error) {
	close(p.entered)
	<-p.leave
	return p.part.Close(ctx, end)
}

// What end logs when it is ready can be given to a browser, on another machine too.
func TestPageAddress(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		listening string
		encrypted bool
		want      string
	}{
		{"127.0.0.5:12345", false, "http://127.0.0.5:12345/"},
		{"[::]:12345", true, "https://" + name + ":12345/"},
		{"0.0.0.0:80", false, "http://" + name + ":80/"},
	} {
		if got := monitor.PageAddress(test.listening, test.encrypted); got != test.want {
			t.Errorf("%s: %s, want %s", test.listening, got, test.want)
		}
	}
}

// Is everything up before a run begins? A node that waits for those below names them, and so does one below which a node hangs.
func TestReadinessNamesWhoIsMissing(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Wait = time.Minute
		nodes := startChain(t, c, nil, 2)
		way := newGateTo(t, c, nodes.slow[1].address)
		if err := nodes.fast.stop(); err != nil {
			t.Fatal(err)
		}
		nodes.fast = start(t, c, options.Fast, []string{nodes.slow[0].address, way.address}, nodes.end.address)
		way.shut()
		defer way.open()
		began := time.Now()
		if code, _, text := get(t, c, nodes.fast, "/readyz"); code != http.StatusOK || !strings.HasPrefix(text, "ready, but a node below does not answer: slow ("+way.address+")") {
			t.Errorf("code %d: %q", code, text)
		}
		if took := time.Since(began); took > noticeTime {
			t.Errorf("it took %s", took)
		}

		waiting := c
		waiting.Role, waiting.Listen, waiting.Next, waiting.End = options.Fast, "127.0.0.1:1001", []string{"127.0.0.1:1002"}, nodes.end.address
		ctx, stop := context.WithCancel(t.Context())
		started := make(chan struct{})
		go func() {
			defer close(started)
			if s, err := startNode(ctx, waiting, nil); err == nil {
				t.Error("it has started")
				_ = s.stop()
			}
		}()
		eventually(t, "a node that waits names the one that is missing", func() bool {
			r, err := program(c).Get("http://" + waiting.Listen + "/readyz")
			if err != nil {
				return false
			}
			defer r.Body.Close()
			text, _ := io.ReadAll(r.Body)
			return r.StatusCode == http.StatusServiceUnavailable && strings.HasPrefix(string(text), "starting: a node below does not answer: slow ("+waiting.Next[0]+")")
		})
		stop()
		<-started
	})
}
