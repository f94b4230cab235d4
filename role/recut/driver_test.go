package recut

import (
	"bytes"
	"context"
	"errors"
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
)

// A node that joins has the pipeline surveyed, again where that fails, but not all the time; and the run is cut for it.
func TestDriverSurveysWhoJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		y, fast := begin(t, chain(1, 1), "baseline"), &fakeWay{state: pipeline.Recutting{Epoch: 1, Ready: true}}
		began, joined := time.Now(), false
		var surveys []time.Duration
		var log bytes.Buffer
		d := Driver{Watcher: y.Watcher, To: fast, Log: zerolog.New(&log),
			Live: func() *pipeline.Live {
				l := &pipeline.Live{Paces: []pipeline.Pace{{NodeID: at(0, 0), Slowdown: 1}, {NodeID: at(1, 0), Slowdown: 1}}}
				switch after := time.Since(began); {
				case after < 3*time.Second: // nothing is known of the run yet
					return nil
				case after < 6*time.Second:
					l.StalenessS = 4
					fallthrough
				case after > 10*time.Second:
					l.Paces = append(l.Paces, pipeline.Pace{NodeID: at(1, 1), Slowdown: 1})
				}
				return l
			},
			Survey: func(context.Context) (transport.Survey, error) {
				surveys = append(surveys, time.Since(began).Round(time.Second))
				if !joined {
					joined = true
					return transport.Survey{}, errors.New("no answer")
				}
				return chain(1, 2), nil
			}}
		ended := make(chan struct{})
		go func() { // ends with the context
			defer close(ended)
			d.Run(ctx)
		}()
		time.Sleep(time.Minute)
		stop()
		<-ended
		if want := []time.Duration{10 * time.Second, 20 * time.Second}; !slices.Equal(surveys, want) {
			t.Errorf("surveyed at %v, want %v", surveys, want)
		}
		if len(fast.orders) != 2 || !fast.orders[1].Go || fast.orders[1].Cuts[0] >= 5 || !slices.Equal(d.Cuts(), fast.orders[1].Cuts) {
			t.Errorf("%+v, in force %v", fast.orders, d.Cuts())
		}
		for _, says := range []string{"the pipeline can't be surveyed", "no answer", "slow (slow1.1) has joined", `"message":"cut anew"`} {
			if !strings.Contains(log.String(), says) {
				t.Errorf("the log does not say %q:\n%s", says, log.String())
			}
		}
	})
}

// A survey of another network, or of fewer nodes, makes none forgotten.
func TestKnow(t *testing.T) {
	w := NewWatcher(chain(1, 2), pipeline.Run{Strategy: "baseline"})
	other := chain(1, 1, 1)
	other.Digest = "another"
	w.Know(other)
	w.Know(chain(1, 1))
	if w.Unknown(&pipeline.Live{Paces: []pipeline.Pace{{NodeID: at(1, 1)}}}) {
		t.Error("the second slow node is not known any more")
	}
	if !w.Unknown(&pipeline.Live{Paces: []pipeline.Pace{{NodeID: at(2, 0)}}}) {
		t.Error("a node of another network is known")
	}
}

// A pipeline that can't be cut into its stages has no cuts to begin with.
func TestNothingToBeginWith(t *testing.T) {
	if cuts, err := NewWatcher(chain(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), pipeline.Run{Strategy: "baseline"}).Begin(); err == nil {
		t.Errorf("twelve stages of ten layers: %v", cuts)
	}
}

// A node that is opened while a recut is under way is told of it, and one of a run that is still cut as at first is not.
func TestNodeTellsWhoJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below, late := &fakeWay{}, &fakeWay{}
		n := middle(t, &fakePart{}, below)
		if n.Join(late); len(late.orders) > 0 {
			t.Errorf("%+v", late.orders)
		}
		r := pipeline.Recut{Epoch: 1, Cuts: []int{5, 8}}
		n.Recut(r)
		if n.Join(late); len(late.orders) != 1 || late.orders[0].Epoch != 1 || !slices.Equal(late.orders[0].Cuts, r.Cuts) {
			t.Errorf("%+v", late.orders)
		}
	})
}

// A client that names no strategy watches the one that fast usually has, and one without a keeper keeps nothing.
func TestKeptRun(t *testing.T) {
	usual := options.Default(options.Fast)
	if r := filled(pipeline.Run{}); r.Strategy != usual.Strategy || r.Tasks != usual.Tasks {
		t.Errorf("%+v", r)
	}
	if r := filled(pipeline.Run{Strategy: "takeover", Tasks: 7}); r.Strategy != "takeover" || r.Tasks != 7 {
		t.Errorf("%+v", r)
	}
	var none *Keeper
	none.Start(t.Context(), pipeline.Run{}, nil, nil, zerolog.Nop())
	none.Close()
}

// The survey that a keeper begins with can't be had from a node that is away, and the error says what asked for it.
func TestKeeperWithoutFast(t *testing.T) {
	fast := transport.NewClient("fast:12345", transport.Limits{
		Call: time.Second, Window: 1, MaxBody: 1 << 20,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") },
	}, nil)
	if k, _, err := NewKeeper(t.Context(), fast, pipeline.Run{}); k != nil || !errors.Is(err, pipeline.ErrUnreachable) || !strings.HasPrefix(err.Error(), "--cut auto: ") {
		t.Errorf("%v", err)
	}
}
