package role

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/role/target"
	"tandem/transport"
	"tandem/transport/auth"
)

// What a neighbour sent before it closed the run may come in afterwards, and the closing itself twice. Neither holds the
// run open.
func TestNeighbourLeavesOnce(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		run := pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{1}}
		client := newClient(c, nodes.end.address)
		for _, from := range []string{"a", "b"} {
			if _, err := client.Open(t.Context(), transport.Opening{Run: run, From: from, Address: "end"}); err != nil {
				t.Fatal(err)
			}
		}
		reports := make(chan error, 3)
		leave := func(from string) {
			_, err := client.Close(t.Context(), transport.Closing{Run: "r", From: from})
			reports <- err
		}
		go leave("a")
		go leave("a")
		eventually(t, "the first neighbour has left", func() bool { return nodes.end.node.hasLeft("a") })
		if _, err := client.Push(t.Context(), transport.Pushing{Run: "r", From: "a"}); err != nil {
			t.Errorf("a late sign of life: %v", err)
		}
		began := time.Now()
		leave("b")
		for range cap(reports) {
			if err := <-reports; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took > c.Idle/2 {
			t.Errorf("the run was closed after %s", took)
		}
	})
}

// A node that is stopped during a run does not wait for the report, so who asks it for that is told who has it.
func TestStoppedNodeHasNoReport(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		entered, leave := make(chan struct{}), make(chan struct{})
		slow := nodes.slow[0].node
		begin := slow.begin
		slow.begin = func(ctx context.Context, o beginning) (part, transport.Opened, error) {
			p, opened, err := begin(ctx, o)
			return &heldUp{p, entered, leave}, opened, err
		}
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Slow, nodes.slow[0].address), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{2}})
		if err != nil {
			t.Fatal(err)
		}
		go slow.stop() // the cleanup waits for it
		<-entered
		asked := make(chan error)
		go func() {
			soon, cancel := context.WithTimeout(t.Context(), time.Second) // it does not come back
			defer cancel()
			_, err := e.Close(soon, edge.Ending{})
			asked <- err
		}()
		close(leave)
		if err := <-asked; !errors.Is(err, pipeline.ErrStopping) || !strings.Contains(err.Error(), "end has the report of run r") {
			t.Errorf("error %v", err)
		}
	})
}

// reach opens a run on a fake node over a network in memory. Call done in the end.
func reach(t *testing.T, n *fakeNode) (e *edge.Edge, below *process, done func()) {
	on := newMemoryNetwork()
	n.name = "slow-1"
	below = on.process("10.0.0.1:12345")
	listener, err := below.Listen("tcp", "10.0.0.1:12345")
	if err != nil {
		t.Fatal(err)
	}
	server := transport.NewServer(n, nil, 1<<20, auth.NewGate(nil, func(auth.Refusal) {}), log.New(io.Discard, "", 0))
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	client := transport.NewClient("10.0.0.1:12345", transport.Limits{
		Dial: target.DialTime, Call: callTime, Window: window, MaxBody: 1 << 20, DialContext: on.process("10.0.0.2:12345").DialContext,
	}, nil)
	e, _, err = edge.Open(t.Context(), edge.Config{Target: target.Target{Client: client, Flag: "--next", Role: options.Slow}, Log: zerolog.Nop(), From: "test"}, pipeline.Run{ID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	return e, below, func() {
		below.thaw()
		n.stop()
		client.CloseIdle()
		_ = server.Close()
		serving.Wait()
	}
}

// Who closes a run waits for a neighbour that takes longer than any --drain as long as that answers, and no longer.
func TestClosingIsAttended(t *testing.T) {
	for hangs, want := range map[bool]time.Duration{false: time.Hour, true: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			n := newFakeNode(options.Slow)
			n.closing = time.Hour
			e, below, done := reach(t, n)
			defer done()
			began := time.Now()
			if hangs {
				time.AfterFunc(time.Second, func() { below.freeze(false) })
			}
			_, err := e.Close(t.Context(), edge.Ending{Least: time.Minute})
			if took := time.Since(began); took < want || took > want+edge.CloseTime+time.Second || hangs != errors.Is(err, pipeline.ErrUnreachable) {
				t.Errorf("hangs %v: after %v: %v", hangs, took, err)
			}
		})
	}
}

// A sign of life that is cut short, as the run is closed, says nothing of the neighbour.
func TestCutShortIsNotDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, below, done := reach(t, newFakeNode(options.Slow))
		defer done()
		below.freeze(false)
		time.Sleep(edge.Beat + time.Millisecond) // the first sign of life is under way
		e.Silence()
		time.Sleep(time.Second)
		if notes := e.Notes(); len(notes) > 0 {
			t.Errorf("the neighbour counts as gone: %q", notes)
		}
	})
}

// A node that its neighbours know by different addresses is one node in the report.
func TestNodeOfTwoAddressesIsNotMissing(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	_, port, err := net.SplitHostPort(nodes.slow[0].address)
	if err != nil {
		t.Fatal(err)
	}
	run := pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{2}}
	first, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Slow, "localhost:"+port), From: "first"}, run)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "second"}, run)
	if err != nil {
		t.Fatal(err)
	}
	client := pipeline.Entry{NodeID: pipeline.NodeID{Role: "client"}, Next: []string{second.ID().Address}}
	r, err := edge.CloseAll(t.Context(), []*edge.Edge{first, second}, edge.Ending{Nodes: []pipeline.Entry{client}})
	if err != nil || len(r.Nodes) != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	if fast, slow := r.Nodes[1], r.Nodes[2]; slow.Address != "localhost:"+port || !slices.Equal(fast.Next, []string{slow.Address}) {
		t.Errorf("fast hands over to %v, and slow is %s", fast.Next, slow.Address)
	}
}

// A node that was started again finds all its neighbours again, and not only the one that was there first: the others
// learn from their next sign of life that they have to open the run anew.
func TestEveryNeighbourOpensTheRunAnew(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		run := pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{1}}
		client := newClient(c, nodes.end.address)
		if _, err := client.Open(t.Context(), transport.Opening{Run: run, From: "first", Address: "end", Again: true}); err != nil {
			t.Fatal(err)
		}
		second := edge.Missing(edge.Config{Target: target.Target{Client: client, Flag: "--next", Role: options.End}, From: "second", Again: true}, run)
		result := pipeline.Frame{Shapes: [][]int{{1}}, Data: []float32{1}, Label: pipeline.NoLabel, By: pipeline.NodeID{Role: "slow"}, Since: time.Now()}
		if _, err := second.Send(t.Context(), []pipeline.Frame{result}); !errors.Is(err, pipeline.ErrUnknownRun) {
			t.Errorf("a result of one that has not opened the run: %v", err)
		}
		if _, err := client.Push(t.Context(), transport.Pushing{Run: "r", From: "third"}); !errors.Is(err, pipeline.ErrUnknownRun) {
			t.Errorf("an outsider's sign of life: %v", err)
		}
		eventually(t, "the second neighbour has opened the run anew", func() bool { return second.Life() != "" })
		if _, err := second.Send(t.Context(), []pipeline.Frame{result}); err != nil {
			t.Errorf("a result of the second: %v", err)
		}
		if _, err := client.Close(t.Context(), transport.Closing{Run: "r", From: "first", Reason: transport.Stopped}); err != nil {
			t.Error(err)
		}
		r, err := second.Close(t.Context(), edge.Ending{Nodes: []pipeline.Entry{{NodeID: pipeline.NodeID{Role: "slow", Address: "s"}, Outcomes: pipeline.Outcomes{Received: 1, Finished: 1}}}})
		if err != nil || len(r.Nodes) != 2 || !r.Nodes[1].Restarted {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func (n *node) hasLeft(from string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.run != nil && n.run.above[from] != nil && n.run.above[from].left
}

// Ledgers that are too long together are left out, and the run says so; those of before stay.
func TestLedgersAreBounded(t *testing.T) {
	s := newSession(transport.Opening{Run: pipeline.Run{ID: "r"}}, time.Now(), nil)
	next := slices.Repeat([]string{strings.Repeat("x", 256)}, 200)
	for i := range 20 { // of 50 KB
		s.gather(transport.Closing{Nodes: []pipeline.Entry{{NodeID: pipeline.NodeID{Role: "slow", Address: strings.Repeat("s", i+1)}, Next: next}}})
	}
	if len(s.nodes) < 5 || len(s.nodes) > 10 || s.bytes > maxLedgerBytes || len(s.notes) != 1 || s.nodes[0].Address != "s" {
		t.Errorf("%d ledgers of %d bytes, notes %q", len(s.nodes), s.bytes, s.notes)
	}
}

// Memory goes back to the system when a node has had no run for a while, and not between runs that follow each other.
func TestMemoryIsGivenBackByANodeAtRest(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		freed := func(want int32) {
			t.Helper()
			synctest.Wait()
			if got := n.freed.Load(); got != want {
				t.Fatalf("memory was given back %d times, want %d", got, want)
			}
		}
		for i := range 3 {
			n.open(t, fmt.Sprint("run", i), "fast")
			time.Sleep(releaseAfter / 2)
			n.close(fmt.Sprint("run", i), "fast")
			time.Sleep(releaseAfter - time.Millisecond)
			freed(0)
		}
		time.Sleep(time.Millisecond)
		freed(1)
		time.Sleep(time.Hour)
		freed(1)
		n.open(t, "run3", "fast")
		n.close("run3", "fast")
		synctest.Wait()
		n.stop()
		time.Sleep(time.Hour)
		freed(1)
	})
}
