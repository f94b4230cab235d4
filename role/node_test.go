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
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/transport"
)

// (no run) → opening → open → closing → (no run), and the same again. A run that is over is not opened again.
func TestNodeServesOneRunAfterAnother(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		for _, run := range []string{"a", "b"} {
			n.open(t, run, "fast")
			pushed, err := n.Push(t.Context(), transport.Pushing{Run: run, From: "fast", Frames: make([]pipeline.Frame, 3)})
			if err != nil || len(pushed.Feedback) != 3 {
				t.Errorf("%d answers, %v", len(pushed.Feedback), err)
			}
			if pushed, err = n.Push(t.Context(), transport.Pushing{Run: run, From: "fast"}); err != nil || pushed.Live.Sent != 7 {
				t.Errorf("a sign of life: %+v, %v", pushed, err)
			}
			if c := <-n.close(run, "fast"); c.err != nil || c.report.Run != run {
				t.Errorf("%+v", c)
			}
			_, err = n.Open(t.Context(), opening(run, "fast"))
			refusedWith(t, err, pipeline.ErrInvalidRun, "has been closed here")
			refusedWith(t, n.beat(run, "fast"), pipeline.ErrUnknownRun, "not open on this slow node")
		}
		if total := n.totals(); total.Runs != 2 || total.Entry.Received != 6 || total.Open {
			t.Errorf("totals %+v", total)
		}
	})
}

// An opening that is refused leaves nothing behind, and all who wait for it are told why.
func TestOpeningIsRefused(t *testing.T) {
	inFakeTime(t, options.Fast, func(t *testing.T, n *fakeNode) {
		n.opening, n.fails = 3*time.Second, errors.New("no such strategy")
		answers := make(chan error, 2)
		for _, from := range []string{"one", "two"} {
			n.calls.Go(func() {
				_, err := n.Open(context.Background(), opening("a", from))
				answers <- err
			})
		}
		time.Sleep(time.Second)
		if _, err := n.Close(t.Context(), transport.Closing{Run: "a", From: "one"}); !errors.Is(err, pipeline.ErrUnknownRun) {
			t.Errorf("a run that is only being opened is closed: %v", err)
		}
		refusedWith(t, n.beat("a", "one"), pipeline.ErrUnknownRun)
		for range 2 {
			refusedWith(t, <-answers, n.fails)
		}
		n.fails = nil
		n.open(t, "b", "one")
	})
}

// Who joins an opening waits for it, as long as it likes; the opening goes on without it.
func TestNeighbourJoinsAnOpening(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.opening = 8 * time.Second
		began := time.Now()
		n.calls.Go(func() { _, _ = n.Open(context.Background(), opening("a", "first")) })
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Open(hasty, opening("a", "hasty")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		_, err := n.Open(t.Context(), opening("b", "other"))
		refusedWith(t, err, pipeline.ErrBusy, "run a is active on the slow node since 1s", "silent for 10s")
		n.open(t, "a", "second")
		if took := time.Since(began); took != n.opening || n.parts.most != 1 {
			t.Errorf("%d parts, after %v", n.parts.most, took)
		}
	})
}

// A node that is only starting lets openings wait.
func TestNodeThatIsBeingBuilt(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.built = make(chan struct{})
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Open(hasty, opening("a", "fast")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		time.AfterFunc(time.Minute, func() { close(n.built) })
		n.open(t, "a", "fast")
	})
}

// The run ends with its last edge. All neighbours get the same report, late ones and those that ask twice too.
func TestRunEndsWithItsLastEdge(t *testing.T) {
	inFakeTime(t, options.End, func(t *testing.T, n *fakeNode) {
		n.closing = 2 * time.Second
		for _, from := range []string{"fast", "slow", "slow2"} {
			n.open(t, "a", from)
		}
		slow := pipeline.Entry{NodeID: pipeline.NodeID{Role: "slow", Address: "s"}}
		client := pipeline.Entry{NodeID: pipeline.NodeID{Role: "client"}}
		began := time.Now()
		answers := []<-chan closed{n.close("a", "slow", slow, client), n.close("a", "slow", slow, client)}
		time.Sleep(time.Second)
		answers = append(answers, n.close("a", "fast", client))
		_, err := n.Close(t.Context(), transport.Closing{Run: "a", From: "outsider"})
		refusedWith(t, err, pipeline.ErrUnknownRun, `"outsider" has not opened run a`)
		time.Sleep(time.Second)
		answers = append(answers, n.close("a", "slow2"))
		synctest.Wait()
		_, err = n.Open(t.Context(), opening("a", "late"))
		refusedWith(t, err, pipeline.ErrStopping, "open a new one")
		refusedWith(t, n.beat("a", "fast"), pipeline.ErrStopping)
		for _, answer := range append(answers, n.close("a", "fast")) {
			if c := <-answer; c.err != nil || c.report.Run != "a" || len(c.report.Nodes) != 3 || c.at.Sub(began) != 4*time.Second {
				t.Errorf("after %v: %+v", c.at.Sub(began), c)
			}
		}
		if c := <-n.close("a", "slow2"); c.err != nil || c.report.Run != "a" {
			t.Errorf("long afterwards: %+v", c)
		}
		if end := n.last.ends; len(end) != 1 || end[0].Nodes[0].Role != "client" || strings.Count(fmt.Sprint(end), "slow says so") != 1 {
			t.Errorf("the part is closed with %+v", end)
		}
	})
}

// The next run waits until the one before is closed, and its neighbours may still ask for the report of that.
func TestNextRunWaitsForTheClosing(t *testing.T) {
	inFakeTime(t, options.Fast, func(t *testing.T, n *fakeNode) {
		n.closing = 3 * time.Second
		n.open(t, "a", "client")
		first := n.close("a", "client")
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Open(hasty, opening("b", "client")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		n.open(t, "b", "client")
		if c := <-first; c.err != nil || time.Since(c.at) != 0 {
			t.Errorf("%+v", c)
		}
		if c := <-n.close("a", "client"); c.err != nil || c.report.Run != "a" {
			t.Errorf("%+v", c)
		}
	})
}

// What fails is said to all, and however long the closing lasts.
func TestClosingFails(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		n.broken = errors.New("end is gone")
		n.open(t, "a", "one")
		n.open(t, "a", "two")
		for _, answer := range []<-chan closed{n.close("a", "one"), n.close("a", "two")} {
			refusedWith(t, (<-answer).err, n.broken)
		}
		n.closing = time.Hour
		n.open(t, "b", "one")
		refusedWith(t, (<-n.close("b", "one")).err, n.broken)
		if least := n.last.ends[0].Least; least != 4*n.drain {
			t.Errorf("the nodes below have %v", least)
		}
		n.closing, n.broken = 0, nil
		n.open(t, "c", "one")
	})
}

// Neighbours that hand over from different layers on can't both be right.
func TestLayersThatDiffer(t *testing.T) {
	inFakeTime(t, options.Slow, func(t *testing.T, n *fakeNode) {
		for i, layer := range []int{2, 0, 2, 4} {
			o := opening("a", fmt.Sprint(i))
			o.Layer = layer
			if _, err := n.Open(t.Context(), o); (err != nil) != (layer == 4) {
				t.Errorf("layer %d: %v", layer, err)
			} else if err != nil {
				refusedWith(t, err, pipeline.ErrInvalidRun, "from layer 2 on", "from layer 4 on")
			}
		}
	})
}

// Whatever neighbours say of a run, there is a bound to it.
func TestBoundsOfARun(t *testing.T) {
	inFakeTime(t, options.End, func(t *testing.T, n *fakeNode) {
		for i := range maxNeighbours {
			n.open(t, "a", fmt.Sprint(i))
		}
		_, err := n.Open(t.Context(), opening("a", "one more"))
		refusedWith(t, err, pipeline.ErrBusy, "1024 neighbours")
		n.open(t, "a", "7") // which is one of them
		for i := range maxNeighbours {
			ledger := pipeline.Entry{NodeID: pipeline.NodeID{Role: "slow", Address: fmt.Sprint(i)}}
			if _, _, err := n.leave(transport.Closing{Run: "a", From: fmt.Sprint(i), Nodes: []pipeline.Entry{ledger}, Notes: []string{"note " + fmt.Sprint(i)}}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		end := n.last.ends[0]
		if notes := strings.Count(fmt.Sprint(end), "note "); len(end.Nodes) != edge.MaxLedgers || notes > maxNotes || notes < maxNotes-1 {
			t.Errorf("%d ledgers, %d notes", len(end.Nodes), notes)
		}
		if !slices.ContainsFunc(end.Nodes, func(e pipeline.Entry) bool { return e.Address == "0" }) {
			t.Error("the first is left out")
		}
	})
}
