package role

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/role/target"
	"tandem/transport"
)

// The strategy belongs to the run: a run without one uses the fast node's.
func TestRunWithoutAStrategyUsesTheFastNodes(t *testing.T) {
	c := quick()
	c.Strategy, c.Tasks = "alternate", 7
	nodes := startQuick(t, c)
	client := c
	client.Role, client.Next, client.Strategy, client.Tasks, client.Frames = options.Client, []string{nodes.fast.address}, "", 0, 5
	report, err := play(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if report.Strategy != "alternate" || report.Tasks != 7 {
		t.Errorf("strategy %s, tasks %d", report.Strategy, report.Tasks)
	}
}

func TestRefusedRuns(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		c.Cuts = []string{"2"}
		cut := startQuick(t, c)
		open := func(address string, run pipeline.Run) error {
			run.ID = "r"
			_, err := newClient(c, address).Open(t.Context(), transport.Opening{Run: run, From: "test", Address: address})
			return err
		}
		for _, bad := range []struct {
			name, address string
			run           pipeline.Run
			says          string
		}{
			{"unknown strategy", nodes.fast.address, pipeline.Run{Strategy: "s9"}, "takeover (s1)"},
			{"other model", nodes.fast.address, pipeline.Run{Strategy: "s1", Digest: "sha256:other", Model: "other.onnx"}, "same --model and --shape"},
			{"other cut", cut.fast.address, pipeline.Run{Strategy: "s1", Cuts: []int{1}}, "give both the same --cut"},
			{"cut beyond the model", nodes.slow[0].address, pipeline.Run{Strategy: "s1", Cuts: []int{99}}, "1 to 4"},
			{"no strategy on slow", nodes.slow[0].address, pipeline.Run{}, "open it on the fast node first"},
		} {
			err := open(bad.address, bad.run)
			if !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), bad.says) {
				t.Errorf("%s: error %v, want one that says %q", bad.name, err, bad.says)
			}
		}
		// A refused run leaves nothing behind.
		c.Frames = 3
		if _, err := nodes.run(t.Context(), c, "baseline"); err != nil {
			t.Error(err)
		}
	})
}

// A slow node with other weights is found out when the run is opened, through the fast node.
func TestDifferentWeightsRefuseToWorkTogether(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	other := c
	other.Role, other.Model, other.Next, other.End = options.Fast, "", []string{nodes.slow[0].address}, nodes.end.address
	fast, err := startNode(t.Context(), other, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fast.stop() })
	client := c
	client.Role, client.Next, client.Strategy = options.Client, []string{fast.address}, "baseline"
	if _, err = play(t.Context(), client); !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "same --model") {
		t.Errorf("error %v", err)
	}
}

// toward is a neighbour below.
func toward(c setup, r options.Role, address string) target.Target {
	return target.Target{Client: newClient(c, address), Flag: "--next", Role: r}
}

func TestSecondRunIsRefusedWhileOneIsActive(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		first, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test"}, pipeline.Run{ID: "first", Strategy: "baseline"})
		if err != nil {
			t.Fatal(err)
		}
		c.Frames, c.Wait = 3, 300*time.Millisecond
		_, err = nodes.run(t.Context(), c, "baseline")
		for _, says := range []string{"run first is active", "silent for 10s, which it has been for ", "wait longer with --wait"} {
			if !errors.Is(err, pipeline.ErrBusy) || !strings.Contains(err.Error(), says) {
				t.Errorf("error %v does not say %q", err, says)
			}
		}
		// With --wait the client waits until the other run is over.
		c.Wait = time.Minute
		second := make(chan error)
		go func() {
			_, err := nodes.run(t.Context(), c, "baseline")
			second <- err
		}()
		select {
		case err := <-second:
			t.Errorf("it does not wait: %v", err)
		case <-time.After(500 * time.Millisecond):
		}
		if _, err := first.Close(t.Context(), edge.Ending{}); err != nil {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

// Whoever pushes garbage into a run disturbs no frame of it.
func TestInvalidFramesDisturbNobody(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Input.Paths, c.Input.Labels, c.Queue, c.Frames = []string{digitsImages}, digitsLabels, 100, 100
		nodes := startQuick(t, c)
		e, opened, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline", Frames: 40})
		if err != nil {
			t.Fatal(err)
		}
		good := pipeline.Frame{Shapes: [][]int{{64}}, Data: make([]float32, 64), Label: pipeline.NoLabel, Since: time.Now()}
		var ledger pipeline.Ledger
		for i := range 40 {
			for name, spoil := range map[string]func(*pipeline.Frame){
				"shape":      func(f *pipeline.Frame) { f.Shapes, f.Data = [][]int{{63}}, f.Data[:63] },
				"next layer": func(f *pipeline.Frame) { f.Next = 2 },
				"NaN":        func(f *pipeline.Frame) { f.Data = append([]float32{float32(math.NaN())}, f.Data[1:]...) },
			} {
				bad := good
				spoil(&bad)
				if _, err := e.Send(t.Context(), []pipeline.Frame{bad}); !errors.Is(err, pipeline.ErrInvalidFrame) {
					t.Fatalf("%s: error %v", name, err)
				}
			}
			if _, err := e.Client.Push(t.Context(), transport.Pushing{Run: "unknown", From: "test", Frames: []pipeline.Frame{good}}); !errors.Is(err, pipeline.ErrUnknownRun) {
				t.Fatalf("unknown run: error %v", err)
			}
			good.ID = uint64(i)
			if _, err := e.Send(t.Context(), []pipeline.Frame{good}); err != nil {
				t.Fatal(err)
			}
			ledger.Count(pipeline.Received, 1)
			ledger.Count(pipeline.Forwarded, 1)
		}
		// A frame for end that nobody finished, and one from somebody who has no part in the run.
		atEnd := newClient(c, nodes.end.address)
		if _, err := atEnd.Push(t.Context(), transport.Pushing{Run: "r", From: "test", Frames: []pipeline.Frame{good}}); !errors.Is(err, pipeline.ErrUnknownRun) {
			t.Errorf("a frame of a stranger: error %v", err)
		}
		if _, err := atEnd.Open(t.Context(), transport.Opening{Run: opened.Run, From: "test", Address: nodes.end.address}); err != nil {
			t.Fatal(err)
		}
		if _, err := atEnd.Push(t.Context(), transport.Pushing{Run: "r", From: "test", Frames: []pipeline.Frame{good}}); !errors.Is(err, pipeline.ErrInvalidFrame) {
			t.Errorf("unfinished frame on end: error %v", err)
		}
		if _, err := atEnd.Close(t.Context(), transport.Closing{Run: "r", From: "test", Reason: transport.Stopped}); err != nil {
			t.Error(err)
		}
		entry := ledger.Entry(time.Now())
		entry.Role = "client"
		report, err := e.Close(t.Context(), edge.Ending{Nodes: []pipeline.Entry{entry}})
		if err != nil {
			t.Fatal(err)
		}
		checkLedgers(t, report, 1)
		if report.Delivered != 40 {
			t.Errorf("%d of 40 frames delivered", report.Delivered)
		}
	})
}

// A client that dies leaves a run that every node closes after the idle time, and end says so.
func TestSilentClientsRunIsClosed(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Idle = 4 * edge.Beat // the nodes among themselves show signs of life
		reports := make(chan pipeline.Report, 1)
		nodes := &localNodes{}
		t.Cleanup(func() {
			if err := nodes.stop(); err != nil {
				t.Error(err)
			}
		})
		start := func(r options.Role, next, end string) *server {
			n := c
			n.Role, n.Next, n.End = r, []string{next}, end
			s, err := startNode(t.Context(), n, func(r pipeline.Report) error { reports <- r; return nil })
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		nodes.end = start(options.End, "", "")
		nodes.slow = []*server{start(options.Slow, nodes.end.address, "")}
		nodes.fast = start(options.Fast, nodes.slow[0].address, nodes.end.address)

		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "client-dead"}, pipeline.Run{ID: "r", Strategy: "baseline", Frames: 10})
		if err != nil {
			t.Fatal(err)
		}
		frame := pipeline.Frame{Shapes: [][]int{{64}}, Data: make([]float32, 64), Label: pipeline.NoLabel, Since: time.Now()}
		if _, err := e.Send(t.Context(), []pipeline.Frame{frame}); err != nil {
			t.Fatal(err)
		}
		e.Silence()
		select {
		case r := <-reports:
			if r.Delivered != 1 || !strings.Contains(fmt.Sprint(r.Notes), "client-dead was silent") {
				t.Errorf("%d delivered, notes %q", r.Delivered, r.Notes)
			}
		case <-time.After(time.Minute):
			t.Fatal("the run was not closed")
		}
		c.Frames = 3
		if _, err := nodes.run(t.Context(), c, "baseline"); err != nil {
			t.Error(err)
		}
	})
}

// Any node may be killed and started again between runs without the others noticing.
func TestNodesRestartBetweenRuns(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames = 20
		nodes := startQuick(t, c)
		check := func() {
			t.Helper()
			for _, name := range []string{"baseline", "replicate"} {
				r, err := nodes.run(t.Context(), c, name)
				if err != nil {
					t.Fatal(err)
				}
				checkLedgers(t, r, 1)
			}
		}
		check()
		for _, which := range []struct {
			role options.Role
			node **server
		}{{options.Slow, &nodes.slow[0]}, {options.End, &nodes.end}, {options.Fast, &nodes.fast}} {
			again := c
			again.Role, again.Listen = which.role, (*which.node).address
			again.Next = map[options.Role][]string{options.Fast: {nodes.slow[0].address}, options.Slow: {nodes.end.address}}[which.role]
			if which.role == options.Fast {
				again.End = nodes.end.address
			}
			if err := (*which.node).stop(); err != nil {
				t.Fatal(err)
			}
			var err error
			if *which.node, err = startNode(t.Context(), again, func(pipeline.Report) error { return nil }); err != nil {
				t.Fatal(err)
			}
			check()
		}
	})
}

// A signal ends the intake, never the drain.
func TestInterruptedRunIsDrained(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames = 0
		c.Emulate = device.Emulation{Name: "test", Tail: device.Always(5 * time.Millisecond)}
		nodes := startQuick(t, c)
		ctx, interrupt := context.WithCancel(t.Context())
		begin := nodes.end.node.begin
		nodes.end.node.begin = func(ctx context.Context, o beginning) (part, transport.Opened, error) {
			p, opened, err := begin(ctx, o)
			return &countdown{part: p, left: 5, then: interrupt}, opened, err
		}
		r, err := nodes.run(ctx, c, "baseline")
		if err != nil {
			t.Fatal(err)
		}
		checkLedgers(t, r, 1)
		if r.Frames < 5 || r.Delivered < 5 {
			t.Errorf("%d frames, %d delivered", r.Frames, r.Delivered)
		}
	})
}

// countdown is a part that does something when so many frames have come.
type countdown struct {
	part
	mu   sync.Mutex
	left int
	then func()
}

func (p *countdown) Offer(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left -= len(frames); p.left <= 0 {
		p.then()
	}
	return p.part.Offer(frames, kept)
}
