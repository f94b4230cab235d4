package role

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/transport"
)

// diary is a log that is read while it is written.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(b)
}

func (d *diary) says(parts ...string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for line := range strings.Lines(d.text.String()) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			return true
		}
	}
	return false
}

// noticeTime is how long a node that hangs may go unnoticed.
const noticeTime = 3 * time.Second

// A node that hangs is named by role and address, wherever somebody looks: in the log of the node above when it is lost and
// found, in every node's status and line, in metrics, and in the report.
func TestHungNodeIsNamed(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Interval, c.Wait = 0, 20*time.Millisecond, time.Minute
		nodes := startChain(t, c, nil, 1)
		if err := nodes.fast.stop(); err != nil {
			t.Fatal(err)
		}
		way := newGateTo(t, c, nodes.slow[0].address)
		var log diary
		watched := c
		watched.Log = zerolog.New(&log)
		nodes.fast = start(t, watched, options.Fast, []string{way.address}, nodes.end.address)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		reports := make(chan pipeline.Report, 1)
		go func() {
			r, err := nodes.run(ctx, c, "balance")
			if err != nil {
				t.Error(err)
			}
			reports <- r
		}()
		slow := pipeline.NodeID{Role: "slow", Address: way.address}
		isDown := func(r monitor.Snapshot) bool { return r.Live != nil && slices.Contains(r.Live.Down, slow) }
		until(t, c, nodes.end, "all at work", func(r monitor.Snapshot) bool { return r.Live != nil && r.Live.Delivered > 0 && len(r.Nodes) == 4 })

		shut := time.Now()
		way.shut()
		eventually(t, "fast's log has the node that is lost", func() bool {
			return log.says(`"a neighbour does not answer"`, `"neighbour":"`+slow.String()+`"`)
		})
		if took := time.Since(shut); took > noticeTime {
			t.Errorf("it took %s", took)
		}
		for _, s := range []*server{nodes.fast, nodes.end} {
			until(t, c, s, "aware of the node that is down", isDown)
		}
		if up, is := values(t, c, nodes.fast)[`tandem_neighbour_up{address="`+way.address+`",role="slow"}`]; !is || up != 0 {
			t.Errorf("tandem_neighbour_up is %v, %v", up, is)
		}
		if code, _, text := get(t, c, nodes.fast, "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, slow.String()) {
			t.Errorf("code %d: %q", code, text)
		}
		way.open()
		eventually(t, "fast's log has the node that is found", func() bool {
			return log.says(`"a neighbour answers again"`, `"neighbour":"`+slow.String()+`"`)
		})
		until(t, c, nodes.end, "aware that all are up", func(r monitor.Snapshot) bool { return r.Live != nil && len(r.Live.Down) == 0 })
		stop()
		r := <-reports
		if notes := fmt.Sprint(r.Notes); !strings.Contains(notes, slow.String()+" did not answer fast for ") || strings.Contains(notes, nodes.slow[0].node.name) {
			t.Errorf("notes %q", r.Notes)
		}
	})
}

// A client that does not reach fast has no news of end's: its line names fast.
func TestClientNamesFast(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		way := newGateTo(t, c, nodes.fast.address)
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, way.address), From: "test"}, pipeline.Run{ID: "r", Strategy: "balance"})
		if err != nil {
			t.Fatal(err)
		}
		p := &player{view: monitor.NewView(pipeline.NodeID{Role: "client"}), edges: []*edge.Edge{e}}
		p.view.Learn(&pipeline.Live{Coverage: 50, Down: []pipeline.NodeID{{Role: "slow", Address: "s:1"}}})
		shut := time.Now()
		way.shut()
		eventually(t, "fast is down", func() bool { return !e.Up() })
		if took := time.Since(shut); took > noticeTime {
			t.Errorf("it took %s", took)
		}
		if l := p.live(); l.Coverage != 50 || fmt.Sprint(l.Down) != fmt.Sprintf("[fast (%s) slow (s:1)]", way.address) {
			t.Errorf("%+v", l)
		}
		way.open()
		if _, err := e.Close(t.Context(), edge.Ending{}); err != nil {
			t.Error(err)
		}
	})
}

// A client that was away for longer than --idle, and finds another client's run on its nodes, ends at once: it says why, and
// prints what the nodes have reported of its run.
func TestClientThatComesBackTooLate(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Idle = 2 * time.Second
		nodes := startQuick(t, c)
		way := newGateTo(t, c, nodes.fast.address)
		client := c
		var printed diary
		client.Role, client.Next, client.Strategy, client.Frames, client.Interval = options.Client, []string{way.address}, "balance", 0, 5*time.Millisecond
		client.Report = report.Options{Format: report.JSON}
		client.Stdout = &printed
		ended := make(chan error, 1)
		go func() { ended <- runClient(t.Context(), client) }()
		first := until(t, c, nodes.end, "at work", func(r monitor.Snapshot) bool { return r.Live != nil && r.Live.Delivered > 10 }).Run.ID
		way.shut()
		until(t, c, nodes.fast, "without a run", func(r monitor.Snapshot) bool { return r.Run == nil })
		other, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test"}, pipeline.Run{ID: "other", Strategy: "balance"})
		if err != nil {
			t.Fatal(err)
		}
		back := time.Now()
		way.open()
		err = <-ended
		if took := time.Since(back); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if text := fmt.Sprint(err); !strings.HasPrefix(text, "the run is over, and can't be taken up again: fast ("+way.address+"): busy: run other is active on the fast node") || strings.Contains(text, "\n") {
			t.Errorf("error %q", text)
		}
		if !printed.says(`"run":"`+first+`"`, "client was silent for 2s and did not close the run") {
			t.Errorf("it prints %q", printed.text.String())
		}
		if _, err := other.Close(t.Context(), edge.Ending{}); err != nil {
			t.Error(err)
		}
	})
}

// forgetful is a node that has forgotten its run, and hangs when it is asked who it is.
type forgetful struct {
	transport.Node
	forgotten atomic.Bool
}

func (n *forgetful) Push(ctx context.Context, p transport.Pushing) (transport.Pushed, error) {
	if n.forgotten.Load() {
		return transport.Pushed{}, pipeline.ErrUnknownRun
	}
	return n.Node.Push(ctx, p)
}

func (n *forgetful) Describe(ctx context.Context) (transport.Description, error) {
	if n.forgotten.Load() {
		<-ctx.Done()
		return transport.Description{}, ctx.Err()
	}
	return n.Node.Describe(ctx)
}

// A node that was started again, and hangs when the run is opened anew, is noticed as soon as any.
func TestNodeThatHangsWhenItIsBackIsNamed(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		l, err := c.network.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		slow := &forgetful{Node: nodes.slow[0].node}
		served := transport.NewServer(slow, http.NotFoundHandler(), c.MaxBody, newGate(c), nil)
		defer served.Close()
		go served.Serve(l)
		var log diary
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Slow, l.Addr().String()), Log: zerolog.New(&log), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{2}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		slow.forgotten.Store(true)
		eventually(t, "it is named", func() bool { return log.says("a neighbour does not answer", "slow ("+l.Addr().String()+")") })
		if took := time.Since(began); took > noticeTime {
			t.Errorf("it took %s", took)
		}
		slow.forgotten.Store(false)
		if _, err := e.Close(t.Context(), edge.Ending{}); err != nil {
			t.Error(err)
		}
	})
}
