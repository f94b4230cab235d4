package role

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/transport"
)

// A neighbour that is silent for --idle has left, and a sign of life in time keeps it. The last one's leaving ends the run.
func TestSilentNeighboursLeave(t *testing.T) {
	inFakeTime(t, options.End, func(t *testing.T, n *fakeNode) {
		n.open(t, "a", "silent")
		n.open(t, "a", "lively")
		for range 8 {
			time.Sleep(5 * time.Second)
			if err := n.beat("a", "lively"); err != nil {
				t.Fatal(err)
			}
		}
		if shown := n.snapshot(); shown.Run == nil || shown.Run.OpenS != 40 || len(shown.Nodes) != 2 || shown.Nodes[0].Address != "lively" {
			t.Fatalf("%+v", shown)
		}
		since := time.Now()
		n.mu.Lock()
		over := n.run.closed
		n.mu.Unlock()
		<-over
		if took := time.Since(since); took < n.idle || took > n.idle*5/4 {
			t.Errorf("the run is closed after %v", took)
		}
		text := fmt.Sprint(n.last.ends)
		for _, from := range []string{"silent", "lively"} {
			if strings.Count(text, from+" was silent for 10s and did not close the run") != 1 {
				t.Errorf("the part is closed with %s", text)
			}
		}
		// Who comes late takes the run up again, and then there is a report of all of it.
		c := <-n.close("a", "lively")
		refusedWith(t, c.err, pipeline.ErrUnknownRun)
		again := opening("a", "lively")
		again.Again = true
		if _, err := n.Open(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if c := <-n.close("a", "lively", pipeline.Entry{NodeID: pipeline.NodeID{Role: "client"}}); c.err != nil || c.report.Run != "a" || len(c.report.Nodes) != 2 {
			t.Errorf("who comes late gets %+v", c)
		}
	})
}

// An opening that takes longer than --idle, as a large network's loading may, is not taken for silence.
func TestOpeningLongerThanIdle(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.opening = n.idle + time.Second
		n.calls.Go(func() { _, _ = n.Open(context.Background(), opening("a", "one")) })
		n.open(t, "a", "two")
		time.Sleep(n.idle / 2) // past the first look at who is silent
		for _, from := range []string{"one", "two"} {
			if err := n.beat("a", from); err != nil {
				t.Error(err)
			}
		}
	})
}

// Who was taken for gone and comes back in time is there again; who has closed the run is not.
func TestSilentNeighbourComesBack(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.open(t, "a", "one")
		n.open(t, "a", "two")
		n.open(t, "a", "left")
		left := n.close("a", "left")
		for range 3 {
			time.Sleep(8 * time.Second)
			_ = n.beat("a", "two")
		}
		if err := n.beat("a", "one"); err != nil { // after 24 s
			t.Fatal(err)
		}
		if err := n.beat("a", "left"); err != nil {
			t.Errorf("a sign of life that comes late: %v", err)
		}
		began := time.Now()
		two := n.close("a", "two")
		synctest.Wait()
		for _, c := range []closed{<-two, <-left} { // one falls silent for good
			if took := c.at.Sub(began); c.err != nil || took < n.idle || took > n.idle*5/4 {
				t.Errorf("after %v: %v", took, c.err)
			}
		}
	})
}

// An outsider's sign of life is answered so that it opens the run, and what it says of itself is not shown.
func TestOutsiderIsNotShown(t *testing.T) {
	inFakeTime(t, options.End, func(t *testing.T, n *fakeNode) {
		n.open(t, "a", "slow")
		refusedWith(t, n.beat("a", "outsider"), pipeline.ErrUnknownRun)
		refusedWith(t, n.beat("b", "slow"), pipeline.ErrUnknownRun)
		if shown := n.snapshot(); len(shown.Nodes) != 1 {
			t.Errorf("%+v", shown.Nodes)
		}
	})
}

// What is shown of a node: itself, then the run, then what was known when that ended, which grows old.
func TestSnapshotOfANode(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		if shown := n.snapshot(); shown.Run != nil || len(shown.Nodes) != 1 || shown.Nodes[0].Role != "slow" || shown.Live != nil {
			t.Errorf("before: %+v", shown)
		}
		n.open(t, "a", "fast")
		if err := n.beat("a", "fast"); err != nil {
			t.Error(err)
		}
		if shown := n.snapshot(); shown.Run.ID != "a" || len(shown.Nodes) != 2 || shown.Live.Sent != 7 {
			t.Errorf("meanwhile: %+v", shown)
		}
		if total := n.totals(); !total.Open || total.Runs != 1 || !total.Below[pipeline.NodeID{Role: "end"}] {
			t.Errorf("meanwhile: %+v", total)
		}
		<-n.close("a", "fast")
		time.Sleep(5 * time.Second)
		if shown := n.snapshot(); shown.Run != nil || len(shown.Nodes) != 2 || shown.Nodes[0].StalenessS != 5 || shown.Nodes[1].StalenessS != 0 {
			t.Errorf("afterwards: %+v", shown)
		}
	})
}

// A node that is stopped works off its run, and takes no other. Only end has the report.
func TestNodeIsStopped(t *testing.T) {
	for _, r := range []options.Role{options.Fast, options.Slow, options.End} {
		t.Run(string(r), func(t *testing.T) {
			inFakeTime(t, r, func(t *testing.T, n *fakeNode) {
				n.closing = 3 * time.Second
				n.open(t, "a", "one")
				n.open(t, "a", "two")
				one := n.close("a", "one")
				synctest.Wait()
				began := time.Now()
				n.calls.Go(n.stop)
				n.calls.Go(n.stop) // it may be told twice
				synctest.Wait()
				_, err := n.Open(t.Context(), opening("a", "three"))
				refusedWith(t, err, pipeline.ErrStopping)
				_, err = n.Push(t.Context(), transport.Pushing{Run: "a", From: "two", Frames: make([]pipeline.Frame, 1)})
				refusedWith(t, err, pipeline.ErrStopping, "run a", r.String())
				two := n.close("a", "two")
				n.stop()
				if took := time.Since(began); took != n.closing {
					t.Errorf("it stops after %v", took)
				}
				for _, c := range []closed{<-one, <-two} {
					if r == options.End {
						if c.err != nil || c.report.Run != "a" {
							t.Errorf("%+v", c)
						}
						continue
					}
					refusedWith(t, c.err, pipeline.ErrStopping, r.String()+" is", "end has the report of run a")
				}
				end := n.last.ends[0]
				if text := fmt.Sprint(end); end.Reason != transport.Stopped || strings.Count(text, "was stopped during the run") != 1 {
					t.Errorf("the part is closed with %s", text)
				}
				_, err = n.Open(t.Context(), opening("b", "one"))
				refusedWith(t, err, pipeline.ErrStopping, "start it again")
			})
		})
	}
}

// A run that is only being opened is worked off as well.
func TestNodeIsStoppedWhileItOpens(t *testing.T) {
	for name, fails := range map[string]error{"opened": nil, "refused": errors.New("no")} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, options.Fast, func(t *testing.T, n *fakeNode) {
				n.opening, n.fails = 4*time.Second, fails
				began := time.Now()
				n.calls.Go(func() {
					if _, err := n.Open(context.Background(), opening("a", "client")); !errors.Is(err, fails) {
						t.Errorf("error %v", err)
					}
				})
				time.Sleep(time.Second)
				n.stop()
				want := n.opening
				if fails == nil { // its neighbour does not show up to hear of it
					want += edge.Beat + 2*edge.Probe
				}
				if took := time.Since(began); took != want {
					t.Errorf("it stops after %v", took)
				}
				if fails == nil && (len(n.last.ends) != 1 || n.last.ends[0].Reason != transport.Stopped) {
					t.Errorf("the part is closed with %+v", n.last.ends)
				}
			})
		})
	}
}

// A run that is being closed anyway is not interrupted.
func TestNodeIsStoppedWhileItCloses(t *testing.T) {
	inFakeTime(t, options.Fast, func(t *testing.T, n *fakeNode) {
		n.closing = 4 * time.Second
		n.open(t, "a", "client")
		answer := n.close("a", "client")
		time.Sleep(time.Second)
		n.stop()
		if c := <-answer; c.err != nil || c.report.Run != "a" {
			t.Errorf("%+v", c)
		}
		if n.last.ends[0].Reason == transport.Stopped {
			t.Error("it does not wait for the report")
		}
	})
}

// Neighbours that open, push, fall silent, close and come back as chance has it, on a node that is stopped at some moment:
// one run at a time, each closed once, every call answered, and nothing left.
func TestNeighboursByChance(t *testing.T) {
	for seed := range map[bool]uint64{false: 60, true: 1000}[long] {
		inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
			n.opening, n.closing = time.Duration(seed%3)*time.Second, time.Duration(seed%5)*time.Second
			begin := n.begin
			n.begin = func(ctx context.Context, o beginning) (part, transport.Opened, error) {
				if seed%4 == 0 && o.Run.ID == "a" {
					time.Sleep(n.opening)
					return nil, transport.Opened{}, errors.New("refused")
				}
				return begin(ctx, o)
			}
			for i := range 4 {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				n.calls.Go(func() { wander(n, random, fmt.Sprint(i)) })
			}
			time.Sleep(time.Duration(10+seed%50) * time.Second)
		})
	}
}

// wander is a minute of a neighbour's life.
func wander(n *fakeNode, random *rand.Rand, from string) {
	began := time.Now()
	for time.Since(began) < time.Minute {
		run := []string{"a", "b", "c"}[int(time.Since(began)/(20*time.Second))%3]
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		switch random.IntN(5) {
		case 0, 1:
			_, _ = n.Open(ctx, opening(run, from)) // nobody knows what is open
		case 2:
			_ = n.beat(run, from)
		case 3:
			_, _ = n.Push(ctx, transport.Pushing{Run: run, From: from, Frames: make([]pipeline.Frame, 2)})
		case 4:
			if _, err := n.Close(ctx, transport.Closing{Run: run, From: from}); err != nil && ctx.Err() == nil && !errors.Is(err, pipeline.ErrUnknownRun) && !errors.Is(err, pipeline.ErrStopping) {
				panic(err)
			}
		}
		_ = n.snapshot()
		_ = n.totals()
		cancel()
		time.Sleep(time.Duration(random.IntN(7000)) * time.Millisecond)
	}
}
