package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/transport"
	"tandem/transport/auth"
)

// described is a node that says what it is, and no more.
type described struct {
	transport.Node // nil: it is asked for nothing else
	is             transport.Description
	err            error
}

func (d described) Describe(context.Context) (transport.Description, error) { return d.is, d.err }

// limits are such that nobody who is away is waited for.
var limits = transport.Limits{Dial: time.Second, Call: 10 * time.Second, Window: 1, MaxBody: 1 << 20}

// serve starts a node, and returns the target that names it in --next.
func serve(t *testing.T, d described) Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := transport.NewServer(d, nil, limits.MaxBody, auth.NewGate(nil, func(auth.Refusal) {}), log.New(io.Discard, "", 0))
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }() // ends when the server is closed
	client := transport.NewClient(l.Addr().String(), limits, nil)
	t.Cleanup(func() {
		client.CloseIdle()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return Target{Client: client, Flag: "--next", Role: options.Slow}
}

// away is a target that nobody is at, for the reason that dialling gives.
func away(address string, why error) Target {
	l := limits
	l.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, why }
	return Target{Client: transport.NewClient(address, l, nil), Flag: "--next", Role: options.Slow}
}

// Whoever is there has to be of the role that the flag wants, and another process than the one that asks.
func TestNeighbourSuits(t *testing.T) {
	slow := transport.Description{Role: "slow", Name: "slow-1", Version: "v1"}
	for name, test := range map[string]struct {
		node  described
		role  options.Role
		asks  string
		says  []string // nil: it suits
		wrong bool
		reach bool // it is good enough to be reached
	}{
		"it suits":    {node: described{is: slow}, role: options.Slow, asks: "fast-1", reach: true},
		"itself":      {node: described{is: slow}, role: options.Slow, asks: "slow-1", says: []string{"--next 127.0.0.1:", "it is this slow node itself", "name a slow node in --next"}, wrong: true},
		"another":     {node: described{is: slow}, role: options.End, asks: "fast-1", says: []string{"is the wrong node: it is of role slow", "name the end node there"}, wrong: true},
		"of a client": {node: described{is: slow}, role: options.Fast, asks: "client-1", says: []string{"it is of role slow: name the fast node"}, wrong: true},
		"it stops":    {node: described{err: pipeline.ErrStopping}, role: options.Slow, asks: "fast-1", says: []string{"slow (127.0.0.1:"}, reach: true},
	} {
		t.Run(name, func(t *testing.T) {
			to := serve(t, test.node)
			to.Role = test.role
			d, err := to.Ask(t.Context(), test.asks)
			if (err == nil) != (test.says == nil) || errors.Is(err, ErrWrong) != test.wrong || err == nil && d.Name != slow.Name {
				t.Errorf("%+v, %v", d, err)
			}
			for _, text := range test.says {
				if !strings.Contains(fmt.Sprint(err), text) {
					t.Errorf("error %v does not say %q", err, text)
				}
			}
			if err := to.Reach(t.Context(), test.asks); (err == nil) != test.reach {
				t.Errorf("it is reached: %v", err)
			}
		})
	}
}

// An error names the neighbour once, by its role and address.
func TestBlame(t *testing.T) {
	of := Target{Client: transport.NewClient("pi:12345", limits, nil), Role: options.End}
	for text, want := range map[string]string{"pi:12345 cannot be reached": "end (pi:12345) cannot be reached", "it is full": "end (pi:12345): it is full"} {
		inner := errors.New(text)
		if err := of.Blame(inner); err.Error() != want || !errors.Is(err, inner) {
			t.Errorf("%q became %q", text, err)
		}
	}
	if err := of.Blame(nil); err != nil {
		t.Error(err)
	}
}

// A node is asked again until it is there, no longer than the user waits, and not at all where waiting does not help. What went
// wrong comes with what to do about it.
func TestAwait(t *testing.T) {
	gone := fmt.Errorf("slow %w", pipeline.ErrUnreachable)
	for name, test := range map[string]struct {
		wait   time.Duration
		comes  time.Duration // after which the node is there
		until  error         // what it is before
		lasts  [2]time.Duration
		says   string // empty: no error
		logged int
	}{
		"there":           {time.Minute, 0, gone, [2]time.Duration{0, 0}, "", 0},
		"later":           {5 * time.Minute, 150 * time.Second, gone, [2]time.Duration{150 * time.Second, 152 * time.Second}, "", 3},
		"never":           {10 * time.Second, time.Hour, gone, [2]time.Duration{8 * time.Second, 10 * time.Second}, "start that node first, correct --next, or wait longer with --wait", 1},
		"not waited for":  {0, time.Hour, gone, [2]time.Duration{0, 0}, "start that node first", 1},
		"stopping":        {time.Second, time.Hour, pipeline.ErrStopping, [2]time.Duration{0, time.Second}, "correct --next", 1},
		"busy":            {time.Second, time.Hour, pipeline.ErrBusy, [2]time.Duration{0, time.Second}, "wait longer with --wait", 1},
		"the wrong node":  {time.Minute, time.Hour, ErrWrong, [2]time.Duration{0, 0}, "wrong node", 1},
		"not let in":      {time.Minute, time.Hour, pipeline.ErrNotAdmitted, [2]time.Duration{0, 0}, pipeline.ErrNotAdmitted.Error(), 1},
		"something other": {time.Second, time.Hour, errors.New("x"), [2]time.Duration{0, time.Second}, "x", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var logged bytes.Buffer
				err := Await(t.Context(), test.wait, "--next", zerolog.New(&logged), func(context.Context) error {
					if time.Since(began) >= test.comes {
						return nil
					}
					return test.until
				})
				if (err == nil) != (test.says == "") || err != nil && (!errors.Is(err, test.until) || !strings.Contains(err.Error(), test.says)) {
					t.Error(err)
				}
				if took := time.Since(began); took < test.lasts[0] || took > test.lasts[1] {
					t.Errorf("after %v, want %v", took, test.lasts)
				}
				if lines := strings.Count(logged.String(), "waiting for the node below"); lines != test.logged {
					t.Errorf("%d lines: %s", lines, logged.String())
				}
			})
		})
	}
}

// A node needs end, and one of its next nodes; those of which there may be many count as one.
func TestWhoIsMissing(t *testing.T) {
	end, a, b, c := away("end:1", nil), away("a:1", nil), away("b:1", nil), away("c:1", nil)
	many := func(all ...Target) func() ([]Target, error) {
		return func() ([]Target, error) {
			if len(all) == 0 {
				return nil, errors.New("no address has joined")
			}
			return all, nil
		}
	}
	for name, test := range map[string]struct {
		below         Below
		there         string
		needed, other string // addresses that an error names; empty: it is none
	}{
		"all":                    {Below{Next: []Target{a, b}, End: &end}, "end:1 a:1 b:1", "", ""},
		"one of two":             {Below{Next: []Target{a, b}, End: &end}, "end:1 b:1", "", "a:1"},
		"no next node":           {Below{Next: []Target{a, b}, End: &end}, "end:1", "a:1 b:1", ""},
		"not even end":           {Below{Next: []Target{a}, End: &end}, "", "a:1 end:1", ""},
		"no end":                 {Below{Next: []Target{a, b}, End: &end}, "a:1", "end:1", "b:1"},
		"the last":               {Below{End: &end}, "end:1", "", ""},
		"the last without end":   {Below{End: &end}, "", "end:1", ""},
		"one of many":            {Below{Many: many(a, b), End: &end}, "end:1 b:1", "", ""},
		"none of many":           {Below{Many: many(a, b), End: &end}, "end:1", "a:1 b:1", ""},
		"nobody has joined":      {Below{Many: many(), End: &end}, "end:1", "no address has joined", ""},
		"many beside one":        {Below{Next: []Target{c}, Many: many(a, b), End: &end}, "end:1 c:1", "", "a:1 b:1"},
		"one of many beside one": {Below{Next: []Target{c}, Many: many(a, b), End: &end}, "end:1 a:1", "", "c:1"},
	} {
		t.Run(name, func(t *testing.T) {
			needed, other := test.below.ask(func(who some) error {
				return who(func(t Target) error {
					if slices.Contains(strings.Fields(test.there), t.Client.Address()) {
						return nil
					}
					return t.Blame(pipeline.ErrUnreachable)
				})
			})
			for _, missing := range []struct {
				err  error
				says string
			}{{needed, test.needed}, {other, test.other}} {
				if (missing.err == nil) != (missing.says == "") {
					t.Errorf("%v, want %q", missing.err, missing.says)
				}
				for _, text := range strings.Fields(missing.says) {
					if !strings.Contains(fmt.Sprint(missing.err), text) {
						t.Errorf("%v does not say %q", missing.err, text)
					}
				}
			}
			if needed != nil && !errors.Is(needed, pipeline.ErrUnreachable) {
				t.Errorf("%v is not that a node is unreachable", needed)
			}
		})
	}
}

// While one of the nodes below is waited for, another that is the wrong one ends the waiting at once.
func TestWrongNodeIsNotWaitedFor(t *testing.T) {
	gone := errors.New("nobody is there")
	end := serve(t, described{is: transport.Description{Role: "slow", Name: "slow-1"}})
	end.Flag, end.Role = "--end", options.End
	b := Below{Next: []Target{away("a:1", gone)}, End: &end}
	needed, other := b.Await(t.Context(), "fast-1", func(ctx context.Context, ask func(context.Context) error) error {
		for {
			if err := ask(ctx); err == nil || errors.Is(err, ErrWrong) || ctx.Err() != nil {
				return err
			}
		}
	})
	if !errors.Is(needed, ErrWrong) || !strings.Contains(needed.Error(), "--end") || other != nil {
		t.Errorf("%v; %v", needed, other)
	}
}

// A node that asks those below says of each why it does not answer.
func TestAnswer(t *testing.T) {
	end := serve(t, described{is: transport.Description{Role: "end", Name: "end-1"}})
	end.Role = options.End
	stops := serve(t, described{err: pipeline.ErrStopping})
	b := Below{Next: []Target{stops, away("a:1", errors.New("no route"))}, End: &end}
	needed, other := b.Answer(t.Context(), "fast-1")
	if needed == nil || other != nil || b.Several() != 2 {
		t.Fatalf("%v; %v", needed, other)
	}
	for _, text := range []string{"a node below is stopping: slow (127.0.0.1:", "a node below does not answer: slow (a:1)"} {
		if !strings.Contains(needed.Error(), text) {
			t.Errorf("%v does not say %q", needed, text)
		}
	}
	b.Next[1] = serve(t, described{is: transport.Description{Role: "slow", Name: "slow-2"}})
	if needed, other := b.Answer(t.Context(), "fast-1"); needed != nil || other == nil {
		t.Errorf("%v; %v", needed, other)
	}
}
