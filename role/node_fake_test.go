package role

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/transport"
)

// fakePart is what a node does in a run, without doing it. Its closing lasts as long as a test wants.
type fakePart struct {
	run   string
	node  *fakeNode
	lasts time.Duration // of its closing
	fails error         // of its closing

	mu      sync.Mutex
	offered int
	told    []pipeline.Status
	ends    []edge.Ending
}

func (p *fakePart) Offer(frames []pipeline.Frame, _ bool) ([]pipeline.Feedback, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offered += len(frames)
	return make([]pipeline.Feedback, len(frames)), nil
}

func (p *fakePart) Close(ctx context.Context, end edge.Ending) (pipeline.Report, error) {
	p.mu.Lock()
	p.ends = append(p.ends, end)
	p.mu.Unlock()
	select {
	case <-time.After(p.lasts):
	case <-ctx.Done():
		return pipeline.Report{}, ctx.Err()
	}
	p.node.parts.Add(-1)
	return pipeline.Report{Run: p.run, Nodes: append(end.Nodes, p.status().Entry)}, p.fails
}

func (p *fakePart) Receive(s []pipeline.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = s
}

func (p *fakePart) Tell([]pipeline.Loss) {}

func (p *fakePart) Recut(r pipeline.Recut) pipeline.Recutting {
	return pipeline.Recutting{Epoch: r.Epoch, Ready: true}
}

func (p *fakePart) status() pipeline.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := pipeline.Status{Entry: pipeline.Entry{NodeID: p.node.id}}
	s.Received = int64(p.offered)
	return s
}

func (p *fakePart) Above() []pipeline.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told
}

func (p *fakePart) Statuses() []pipeline.Status { return append(p.Above(), p.status()) }
func (p *fakePart) Summary() *pipeline.Live     { return &pipeline.Live{Sent: 7} }
func (p *fakePart) below() map[pipeline.NodeID]bool {
	return map[pipeline.NodeID]bool{{Role: "end"}: true}
}

// fakeNode is a node whose parts are fakes, with --idle 10s and --drain 5s.
type fakeNode struct {
	*node
	opening time.Duration  // how long it lasts
	fails   error          // it is refused
	closing time.Duration  // how long that of a part lasts
	broken  error          // it fails
	parts   gauge          // how many are open
	freed   atomic.Int32   // how often memory was given back
	last    *fakePart      // the one begun last
	calls   sync.WaitGroup // of neighbours
}

// gauge counts what is there, and what has been there at most.
type gauge struct {
	mu        sync.Mutex
	now, most int
}

func (g *gauge) Add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

func newFakeNode(r options.Role) *fakeNode {
	f := &fakeNode{}
	f.node = &node{
		role: r, log: zerolog.Nop(), idle: 10 * time.Second, drain: 5 * time.Second,
		id: pipeline.NodeID{Role: string(r), Address: "here"}, built: make(chan struct{}),
	}
	f.release = time.AfterFunc(releaseAfter, func() { f.freed.Add(1) })
	close(f.built)
	f.begin = func(_ context.Context, o beginning) (part, transport.Opened, error) {
		time.Sleep(f.opening)
		if f.fails != nil {
			return nil, transport.Opened{}, f.fails
		}
		f.parts.Add(1)
		f.last = &fakePart{run: o.Run.ID, node: f, lasts: f.closing, fails: f.broken}
		return f.last, transport.Opened{Run: o.Run, Life: edge.NewLife()}, nil
	}
	return f
}

// inFakeTime plays a test on a node, and stops it. Whatever of the node still waits then fails the test.
func inFakeTime(t *testing.T, r options.Role, play func(t *testing.T, n *fakeNode)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newFakeNode(r)
		play(t, n)
		n.stop()
		n.calls.Wait()
		if n.parts.now != 0 || n.parts.most > 1 {
			t.Errorf("%d parts are left open, and %d were at the same time", n.parts.now, n.parts.most)
		}
	})
}

func opening(run, from string) transport.Opening {
	return transport.Opening{Run: pipeline.Run{ID: run}, From: from, Address: "here"}
}

// open opens a run from a neighbour.
func (f *fakeNode) open(t *testing.T, run, from string) {
	t.Helper()
	if _, err := f.Open(t.Context(), opening(run, from)); err != nil {
		t.Fatalf("%s opens %s: %v", from, run, err)
	}
}

// beat is a sign of life.
func (f *fakeNode) beat(run, from string) error {
	_, err := f.Push(context.Background(), transport.Pushing{Run: run, From: from, Status: []pipeline.Status{{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "client", Address: from}}}}})
	return err
}

// closed is the answer to a neighbour that closes a run.
type closed struct {
	report pipeline.Report
	err    error
	at     time.Time
}

// close closes a run from a neighbour, whose answer comes when it comes.
func (f *fakeNode) close(run, from string, nodes ...pipeline.Entry) <-chan closed {
	answer := make(chan closed, 1)
	f.calls.Go(func() {
		r, err := f.Close(context.Background(), transport.Closing{Run: run, From: from, Nodes: nodes, Notes: []string{from + " says so"}})
		answer <- closed{r, err, time.Now()}
	})
	return answer
}

func refusedWith(t *testing.T, err, want error, says ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %v: it does not say %q", err, text)
		}
	}
}
