package auth_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport"
	"tandem/transport/auth"
)

// gated is a real server behind a gate.
type gated struct {
	*auth.Gate
	node    *node
	address string
	mu      sync.Mutex
	refused []auth.Refusal
}

func serveGated(t *testing.T, creds *auth.Credentials, hosts ...string) *gated {
	t.Helper()
	return servePatiently(t, creds, 0, hosts...)
}

// servePatiently waits so long for a handshake and headers; 0: as a node does.
func servePatiently(t *testing.T, creds *auth.Credentials, patience time.Duration, hosts ...string) *gated {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gated{node: &node{}, address: l.Addr().String()}
	g.Gate = auth.NewGate(creds, func(r auth.Refusal) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.refused = append(g.refused, r)
	}, hosts...)
	s := transport.NewServer(g.node, nil, 1<<20, g.Gate, log.New(io.Discard, "", 0))
	s.ReadHeaderTimeout = cmp.Or(patience, s.ReadHeaderTimeout)
	done := make(chan error, 1)
	go func() { done <- s.Serve(g.Listen(l)) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return g
}

func (g *gated) client(creds *auth.Credentials) *transport.Client {
	return transport.NewClient(g.address, transport.Limits{Dial: time.Minute, Call: time.Minute, Window: 2, MaxBody: 1 << 20}, creds)
}

// told is the last refusal.
func (g *gated) told() auth.Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.refused) == 0 {
		return auth.Refusal{}
	}
	return g.refused[len(g.refused)-1]
}

func push(ctx context.Context, c *transport.Client, id uint64) error {
	_, err := c.Push(ctx, transport.Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{frame(id)}})
	return err
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("it does not happen:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// node takes all frames.
type node struct {
	mu     sync.Mutex
	frames []pipeline.Frame
	wait   func()
}

func (n *node) Survey(context.Context) (transport.Survey, error) { return transport.Survey{}, nil }
func (n *node) Calibrate(context.Context) (transport.Calibration, error) {
	return transport.Calibration{}, nil
}

func (n *node) Describe(context.Context) (transport.Description, error) {
	return transport.Description{Role: "slow", Name: "me"}, nil
}

func (n *node) Open(context.Context, transport.Opening) (transport.Opened, error) {
	return transport.Opened{}, nil
}

func (n *node) Push(_ context.Context, p transport.Pushing) (transport.Pushed, error) {
	if n.wait != nil {
		n.wait()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.frames = append(n.frames, p.Frames...)
	return transport.Pushed{Feedback: make([]pipeline.Feedback, len(p.Frames))}, nil
}

func (n *node) Supply(context.Context, transport.Supplying) (s transport.Supplied, err error) {
	return s, nil
}

func (n *node) Fetch(context.Context, string, []int) (f transport.Fetched, err error) { return f, nil }

func (n *node) Answers(context.Context, string, bool, func(transport.Told) error) error { return nil }

func (n *node) Close(context.Context, transport.Closing) (pipeline.Report, error) {
	return pipeline.Report{}, nil
}

func frame(id uint64) pipeline.Frame {
	return pipeline.Frame{ID: id, Next: 1, Shapes: [][]int{{2}}, Data: []float32{1, -2.5}, Label: pipeline.NoLabel, Since: time.Now()}
}
