package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/transport"
)

// asks makes an opening of a run that has begun before, by a process of a node.
func again(run, from, address string) transport.Opening {
	o := opening(run, from)
	o.Again = true
	if address != "" {
		o.Caller = pipeline.NodeID{Role: string(options.Fast), Address: address}
	}
	return o
}

// leaves closes a run from a neighbour that does not wait for the report.
func (f *fakeNode) leaves(t *testing.T, run, from string, why transport.Reason, nodes ...pipeline.Entry) {
	t.Helper()
	if _, err := f.Close(t.Context(), transport.Closing{Run: run, From: from, Nodes: nodes, Reason: why}); err != nil {
		t.Fatal(err)
	}
}

// isOver reports whether the run is no longer open.
func (f *fakeNode) isOver() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.run == nil
}

// A run whose last neighbour was stopped politely waits --idle for it, and ends then, with a note.
func TestVacantRunEnds(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.open(t, "a", "fast")
		n.leaves(t, "a", "fast", transport.Stopped)
		time.Sleep(n.idle)
		if n.isOver() {
			t.Fatal("it is over before --idle")
		}
		time.Sleep(n.idle / 2)
		over := n.isOver() // whose lock orders what follows behind the closing
		if text := fmt.Sprint(n.last.ends); !over || strings.Count(text, "all nodes before slow (here) were stopped, and none came back within 10s") != 1 || n.last.ends[0].Reason != transport.Interrupted {
			t.Errorf("the part is closed with %s", text)
		}
	})
}

// A neighbour that is back before finds the run as it was, with what was gathered.
func TestVacantRunIsTakenUp(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.open(t, "a", "fast-1")
		first := n.last
		fast := pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast", Address: "f"}, Life: "1"}
		n.leaves(t, "a", "fast-1", transport.Stopped, fast)
		time.Sleep(n.idle * 3 / 4)
		if _, err := n.Open(t.Context(), again("a", "fast-2", "f")); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			time.Sleep(n.idle / 2)
			if err := n.beat("a", "fast-2"); err != nil {
				t.Fatal(err)
			}
		}
		fast.Life = "2"
		c := <-n.close("a", "fast-2", fast)
		if c.err != nil || n.last != first || len(c.report.Nodes) != 3 || strings.Contains(fmt.Sprint(first.ends), "none came back") {
			t.Errorf("%+v, %v; closed with %v", c.report, c.err, first.ends)
		}
	})
}

// A process that reports call the same as one that is silent stands for it: nobody waits for that one's --idle. Clients have no
// address, so they stand for none.
func TestProcessStandsForTheOneBefore(t *testing.T) {
	for address, waits := range map[string]bool{"f": false, "": true} {
		inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
			for _, from := range []string{"fast-1", "fast-2"} {
				if _, err := n.Open(t.Context(), again("a", from, address)); err != nil {
					t.Fatal(err)
				}
			}
			began := time.Now()
			c := <-n.close("a", "fast-2")
			if took := c.at.Sub(began); c.err != nil || waits != (took > 0) {
				t.Errorf("called %q: closed after %v: %v", address, took, c.err)
			}
		})
	}
}

// A run that was interrupted is another life of fast or slow when it is taken up again: what the process did before is known, so
// it was not started again. The ledgers that were gathered before are kept.
func TestInterruptedRunIsAnotherLife(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		var begun []beginning
		begin := n.begin
		n.begin = func(ctx context.Context, b beginning) (part, transport.Opened, error) {
			begun = append(begun, b)
			return begin(ctx, b)
		}
		n.open(t, "a", "fast-1")
		first := n.last
		n.leaves(t, "a", "fast-1", transport.Stopped, pipeline.Entry{NodeID: pipeline.NodeID{Role: "client"}})
		life := n.lifeNow()
		time.Sleep(2 * n.idle)
		_, err := n.Open(t.Context(), opening("a", "fast-2")) // who does not know that the run has begun
		refusedWith(t, err, pipeline.ErrInvalidRun, "choose another")
		if _, err := n.Open(t.Context(), again("a", "fast-2", "f")); err != nil {
			t.Fatal(err)
		}
		if len(begun) != 2 || begun[1].before != part(first) || begun[1].again() || n.lifeNow() == life {
			t.Errorf("begun with %+v, life %s and %s", begun, life, n.lifeNow())
		}
		c := <-n.close("a", "fast-2")
		if c.err != nil || len(c.report.Nodes) != 2 || c.report.Nodes[0].Role != "client" {
			t.Errorf("%+v, %v", c.report, c.err)
		}
		_, err = n.Open(t.Context(), again("a", "fast-3", "f"))
		refusedWith(t, err, pipeline.ErrInvalidRun, "has been closed here")
		if total := n.totals(); total.Runs != 2 {
			t.Errorf("%d parts are counted", total.Runs)
		}
	})
}

func (f *fakeNode) lifeNow() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.run.answer.Life
}

// Who closes a run first on an end node that was started again does not close it for the others, who are yet to find that node.
func TestEndThatWasStartedAgainAwaitsTheOthers(t *testing.T) {
	slow := pipeline.Entry{NodeID: pipeline.NodeID{Role: "slow", Address: "slow-1"}, Life: "s"}
	fast := pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast", Address: "fast-1"}, Life: "f", Next: []string{"slow-1"}}
	for name, comes := range map[string]bool{"one comes": true, "none comes": false} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, options.End, func(t *testing.T, n *fakeNode) {
				if _, err := n.Open(t.Context(), again("a", "fast", "fast-1")); err != nil {
					t.Fatal(err)
				}
				began, answer := time.Now(), n.close("a", "fast", fast)
				time.Sleep(time.Second)
				nodes := 2
				if comes {
					if _, err := n.Open(t.Context(), again("a", "slow", "slow-1")); err != nil {
						t.Fatal(err)
					}
					time.Sleep(n.idle) // it is draining
					_ = n.beat("a", "slow")
					time.Sleep(n.idle / 2)
					<-n.close("a", "slow", slow)
					nodes = 3
				}
				c := <-answer
				if c.err != nil || len(c.report.Nodes) != nodes {
					t.Errorf("%+v, %v", c.report.Nodes, c.err)
				}
				if took := c.at.Sub(began); !comes && (took < n.idle/2 || took > n.idle) {
					t.Errorf("those that do not come are awaited for %v", took)
				}
			})
		})
	}
}

// On end the run goes on: with the same recorder, in the same life, counted once. Who closes the run while it is being
// interrupted has to take it up first, so that there is a report of all of it.
func TestInterruptedRunGoesOnOnEnd(t *testing.T) {
	inFakeTime(t, options.End, func(t *testing.T, n *fakeNode) {
		var reports []pipeline.Report
		c := quick()
		c.device = &device.Device{}
		e := &recordings{cfg: c, name: "end-1", answers: answer.NewFan(), arrived: func(time.Duration) {}, publish: func(r pipeline.Report) error {
			reports = append(reports, r)
			return nil
		}}
		n.begin = e.begin
		take := func(from string, ids ...uint64) {
			t.Helper()
			var frames []pipeline.Frame
			for _, id := range ids {
				frames = append(frames, pipeline.Frame{ID: id, Shapes: [][]int{{1}}, Data: []float32{1}, Label: pipeline.NoLabel, By: pipeline.NodeID{Role: "slow"}, Since: time.Now()})
			}
			if _, err := n.Push(t.Context(), transport.Pushing{Run: "a", From: from, Frames: frames}); err != nil {
				t.Fatal(err)
			}
		}
		n.open(t, "a", "slow-1")
		life := n.lifeNow()
		take("slow-1", 0, 1, 2)
		slow := pipeline.Entry{NodeID: pipeline.NodeID{Role: "slow", Address: "s"}, Life: "1", Outcomes: pipeline.Outcomes{Received: 3, Finished: 3}}
		n.leaves(t, "a", "slow-1", transport.Interrupted, slow)
		synctest.Wait()
		if !n.isOver() || len(reports) != 1 || reports[0].Delivered != 3 {
			t.Fatalf("interrupted: %+v", reports)
		}
		refusedWith(t, (<-n.close("a", "slow-1")).err, pipeline.ErrUnknownRun)
		if _, err := n.Open(t.Context(), again("a", "slow-2", "s")); err != nil {
			t.Fatal(err)
		}
		if n.lifeNow() != life {
			t.Error("it is another life")
		}
		take("slow-2", 2, 3)
		slow.Life, slow.Received, slow.Finished = "2", 2, 2
		r := <-n.close("a", "slow-2", slow)
		if r.err != nil || r.report.Delivered != 4 || r.report.Duplicates != 1 || len(r.report.Nodes) != 2 || r.report.Nodes[0].Received != 5 || r.report.Nodes[1].Restarted {
			t.Errorf("%+v, %v", r.report, r.err)
		}
		if total := n.totals(); total.Runs != 1 || total.Entry.Received != 4 {
			t.Errorf("totals %+v", total)
		}
	})
}

// Who closes a run, as it is over, while this node closes it because all were silent, opens it again and closes that.
func TestRunIsClosedWhileItIsInterrupted(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.closing = 3 * time.Second
		n.open(t, "a", "fast")
		n.calls.Go(func() {
			_, _ = n.Close(context.Background(), transport.Closing{Run: "a", From: "fast", Reason: transport.Interrupted})
		})
		time.Sleep(time.Second)
		began := time.Now()
		c := <-n.close("a", "fast")
		refusedWith(t, c.err, pipeline.ErrUnknownRun)
		if took := c.at.Sub(began); took != 2*time.Second {
			t.Errorf("after %v", took)
		}
		if _, err := n.Open(t.Context(), again("a", "fast", "")); err != nil {
			t.Fatal(err)
		}
		if c := <-n.close("a", "fast"); c.err != nil || c.report.Run != "a" {
			t.Errorf("%+v, %v", c.report, c.err)
		}
	})
}

// Frames of one that has not opened the run are not taken.
func TestOutsidersFramesAreNotTaken(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.open(t, "a", "fast")
		_, err := n.Push(t.Context(), transport.Pushing{Run: "a", From: "outsider", Frames: make([]pipeline.Frame, 3)})
		refusedWith(t, err, pipeline.ErrUnknownRun)
		if n.last.offered != 0 {
			t.Errorf("%d frames are taken", n.last.offered)
		}
	})
}

// A node that is being stopped answers signs of life when it has handed on what it had, and says whether it has.
func TestStoppedNodeHasLeft(t *testing.T) {
	for _, broken := range []error{nil, errors.New("end is away")} {
		inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
			n.closing, n.broken = 3*time.Second, broken
			n.open(t, "a", "fast")
			life := n.lifeNow()
			began := time.Now()
			n.calls.Go(n.stop)
			synctest.Wait()
			for range 2 { // while it hands on, and afterwards
				p, err := n.Push(t.Context(), transport.Pushing{Run: "a", From: "fast"})
				if took := time.Since(began); err != nil || p.Life != life || p.Left != (broken == nil) || took != n.closing {
					t.Errorf("after %v: %+v, %v", took, p, err)
				}
			}
			hasty, cancel := context.WithTimeout(t.Context(), 0)
			defer cancel()
			if _, err := n.Push(hasty, transport.Pushing{Run: "b", From: "fast"}); !errors.Is(err, pipeline.ErrStopping) {
				t.Errorf("of another run: %v", err)
			}
		})
	}
}

// An opening that comes back to a process that it has passed is refused, with the way that it has come.
func TestCircleIsRefused(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.name = "slow-1"
		o := opening("a", "slow-2")
		o.Path = []string{"client-1", "fast-1", "slow-1", "slow-2"}
		_, err := n.Open(t.Context(), o)
		refusedWith(t, err, pipeline.ErrInvalidRun, "client-1 → fast-1 → slow-1 → slow-2 → slow-1", "correct --next on one of them")
		o.Path = slices.Delete(o.Path, 2, 3)
		if _, err := n.Open(t.Context(), o); err != nil {
			t.Error(err)
		}
	})
}
