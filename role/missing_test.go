package role

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/transport"
	"tandem/transport/auth"
)

// later is a site, on a host in memory, with one slow node that is there and one that is not yet.
func later(t *testing.T, c setup) (nodes *localNodes, absent string) {
	t.Helper()
	absent = "127.0.0.1:1001"
	c.Wait = time.Millisecond
	nodes = startChain(t, c, nil, 1)
	if err := nodes.fast.stop(); err != nil {
		t.Fatal(err)
	}
	nodes.fast = start(t, c, options.Fast, []string{nodes.slow[0].address, absent}, nodes.end.address)
	return nodes, absent
}

// observed is a part that tells of the frames that it is offered.
type observed struct {
	part
	offered func([]pipeline.Frame)
}

func (p *observed) Offer(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error) {
	p.offered(frames)
	return p.part.Offer(frames, kept)
}

// observe makes a node tell of its openings and frames.
func observe(s *server, opened func(error), offered func([]pipeline.Frame)) {
	begin := s.node.begin
	s.node.begin = func(ctx context.Context, o beginning) (part, transport.Opened, error) {
		p, answer, err := begin(ctx, o)
		opened(err)
		return &observed{p, offered}, answer, err
	}
}

// A slow node that is missing when the run is opened is noted, and used once it is there.
func TestMissingSlowNodeIsUsedWhenItComes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"balance", "credit"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onOneHost(t, func(t *testing.T, c setup) {
				c.Frames, c.Interval = 0, 5*time.Millisecond
				c.Emulate = device.Emulation{Name: "test", Tail: device.Always(20 * time.Millisecond)}
				nodes, absent := later(t, c)
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				come := make(chan *server, 1)
				observe(nodes.fast, func(error) {
					late := c
					late.Listen = absent
					come <- start(t, late, options.Slow, []string{nodes.end.address}, "")
				}, func([]pipeline.Frame) {})
				var frames atomic.Int64 // of it
				observe(nodes.end, func(error) {}, func(came []pipeline.Frame) {
					for _, f := range came {
						if f.By.Address == absent && frames.Add(1) == 5 {
							interrupt()
						}
					}
				})
				r, err := nodes.run(ctx, c, name)
				nodes.slow = append(nodes.slow, <-come)
				if err != nil {
					t.Fatal(err)
				}
				checkLedgers(t, r, 2)
				if !strings.Contains(fmt.Sprint(r.Notes), "missing at the start") || !strings.Contains(fmt.Sprint(r.Notes), absent) {
					t.Errorf("notes %q", r.Notes)
				}
			})
		})
	}
}

// One that comes with other weights can't be used, and the report says so.
func TestMissingSlowNodeThatDoesNotFitIsNoted(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Interval = 0, 5*time.Millisecond
		nodes, absent := later(t, c)
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		begin := nodes.fast.node.begin
		nodes.fast.node.begin = func(ctx context.Context, o beginning) (part, transport.Opened, error) {
			p, opened, err := begin(ctx, o)
			go func() {
				defer interrupt()
				for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && !strings.Contains(fmt.Sprint(p.(*stagePart).ways.Now()[1].Notes()), "not used again"); {
					time.Sleep(10 * time.Millisecond)
				}
			}()
			return p, opened, err
		}
		late := c
		late.Listen, late.Model = absent, digitsCNN
		come := make(chan *server, 1)
		observe(nodes.fast, func(error) { come <- start(t, late, options.Slow, []string{nodes.end.address}, "") }, func([]pipeline.Frame) {})
		r, err := nodes.run(ctx, c, "balance")
		nodes.slow = append(nodes.slow, <-come)
		if err != nil {
			t.Fatal(err)
		}
		checkLedgers(t, r, 1)
		if !strings.Contains(fmt.Sprint(r.Notes), "same --model") {
			t.Errorf("notes %q", r.Notes)
		}
	})
}

// A strategy that keeps no frames needs all nodes, and a run needs one at least.
func TestMissingSlowNodesThatAreNeeded(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Wait = 3, time.Millisecond
		nodes, absent := later(t, c)
		for _, name := range []string{"baseline", "takeover", "replicate"} {
			if _, err := nodes.run(t.Context(), c, name); !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), absent) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		if _, err := nodes.run(t.Context(), c, "balance"); err != nil {
			t.Errorf("one is there: %v", err)
		}
		if err := nodes.slow[0].stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := nodes.run(t.Context(), c, "balance"); !errors.Is(err, pipeline.ErrUnreachable) {
			t.Errorf("none is there: error %v", err)
		}
	})
}

// A client waits for a node further down as it does for its neighbour: service managers start nodes in any order, and again.
func TestClientWaitsForTheSlowNode(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Wait = 3, time.Minute
		nodes := startChain(t, c, nil, 1)
		if err := nodes.slow[0].stop(); err != nil {
			t.Fatal(err)
		}
		come := sync.OnceFunc(func() { // when it was missed once
			late := c
			late.Listen = nodes.slow[0].address
			nodes.slow[0] = start(t, late, options.Slow, []string{nodes.end.address}, "")
		})
		observe(nodes.fast, func(error) { come() }, func([]pipeline.Frame) {})
		if _, err := nodes.run(t.Context(), c, "balance"); err != nil {
			t.Error(err)
		}
	})
}

// A slow node that was started again with another key or certificate refuses the node above, which the report says, with its
// name.
func TestRestartedNodeThatDoesNotAdmitIsNoted(t *testing.T) {
	for name, test := range map[string]struct {
		file func(testing.TB, string) auth.Files
		says string
	}{
		"key":         {keyFile, "the key is not this node's: give every node the same --key"},
		"certificate": {func(t testing.TB, _ string) auth.Files { return certificate(t) }, "its certificate is not from the CA of --tls-ca"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onOneHost(t, func(t *testing.T, c setup) {
				c.Frames, c.Interval = 0, 5*time.Millisecond
				c.credentials = credentials(t, test.file(t, secret))
				nodes := startChain(t, c, nil, 2)
				second, again := nodes.slow[1].address, c
				again.credentials = credentials(t, test.file(t, "another-secret-of-this-site"))
				end := start(t, again, options.End, nil, "") // which lets it start
				defer end.stop()
				again.Listen = second
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				begin := nodes.fast.node.begin
				restarted := make(chan *server, 1)
				nodes.fast.node.begin = func(ctx context.Context, o beginning) (part, transport.Opened, error) {
					p, opened, err := begin(ctx, o)
					go func() {
						defer interrupt()
						_ = nodes.slow[1].stop() // in the midst of the run
						restarted <- start(t, again, options.Slow, []string{end.address}, "")
						for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && !strings.Contains(fmt.Sprint(p.(*stagePart).ways.Now()[1].Notes()), "not used again"); {
							time.Sleep(10 * time.Millisecond)
						}
					}()
					return p, opened, err
				}
				r, err := nodes.run(ctx, c, "balance")
				nodes.slow[1] = <-restarted
				if err != nil {
					t.Fatal(err)
				}
				named := "slow (" + second + ") is not used again: not admitted: " + test.says
				if n := strings.Count(fmt.Sprint(r.Notes), named); n != 1 {
					t.Errorf("%q stands %d times in the notes %q", named, n, r.Notes)
				}
			})
		})
	}
}
