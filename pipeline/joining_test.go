package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// guest is a next node that comes and goes. What it takes it finishes, and hands to end.
type guest struct {
	t      *testing.T
	stage  *Stage
	abort  context.CancelFunc
	way    time.Duration // of a call
	polite bool          // it hands on what it has when it leaves; otherwise that dies with it

	mu     sync.Mutex
	closed bool // the way to it: nothing may be sent
	gone   bool // it takes nothing
	dead   bool // and answers nothing
}

func newGuest(t *testing.T, n int, end Sender, tail time.Duration, polite bool) *guest {
	ctx, abort := context.WithCancel(context.Background())
	net := &fakeNet{tail: tail, resident: [4]bool{true, true}}
	return &guest{t: t, abort: abort, way: time.Millisecond, polite: polite, stage: StartStage(ctx, StageConfig{
		ID: NodeID{"slow", fmt.Sprint(n)}, Life: fmt.Sprint(n), Executor: net, Strategy: strategy.Finisher{}, Holding: Holding{1, 2, net.Shapes},
		Cut: 1, Layers: 2, KeepTail: true, Queue: 10, Window: 4, End: end, Failed: func(int, error) {},
	})}
}

func (g *guest) Send(ctx context.Context, frames []Frame) ([]Feedback, error) {
	if g.is(&g.closed) {
		g.t.Error("frames are sent to a node that has left")
	}
	time.Sleep(g.way)
	if g.is(&g.gone) {
		return nil, ErrUnreachable
	}
	answers, err := toStage(g.stage, true).Send(ctx, frames)
	time.Sleep(g.way)
	if g.is(&g.dead) {
		return nil, ErrUnreachable
	}
	return answers, err
}

func (g *guest) is(state *bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return *state
}

func (g *guest) becomes(states ...*bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range states {
		*s = true
	}
}

// die takes along what is there.
func (g *guest) die() {
	g.becomes(&g.gone, &g.dead)
	g.abort()
}

// part closes the way to it: it hands on what it has, or dies.
func (g *guest) part() {
	g.becomes(&g.closed)
	if !g.polite {
		g.die()
	}
	g.leave()
}

func (g *guest) leave() {
	g.becomes(&g.gone)
	g.stage.Close()
	g.abort()
}

func (g *guest) ID() NodeID       { return g.stage.c.ID }
func (g *guest) Life() string     { return g.stage.c.Life }
func (g *guest) Left(string) bool { return g.is(&g.gone) && !g.is(&g.dead) }
func (g *guest) Neighbour() strategy.Neighbour {
	return strategy.Neighbour{Up: !g.is(&g.gone), RoundTrip: 2 * g.way}
}

// Whoever joins and leaves, when, and how: a strategy that keeps frames loses none that was admitted; of the others each is
// accounted for; and a node that has left gets none.
func TestNextNodesComeAndGo(t *testing.T) {
	for _, name := range []string{"balance", "credit", "baseline", "takeover", "alternate"} {
		t.Run(name, func(t *testing.T) {
			for seed := range map[bool]uint64{false: 20, true: 4}[testing.Short()] { // qemu takes a second for three of them
				synctest.Test(t, func(t *testing.T) { comeAndGo(t, name, seed) })
			}
		})
	}
}

func comeAndGo(t *testing.T, name string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 3))
	entry, err := strategy.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	recorder := NewRecorder(Run{}, time.Now())
	end := toRecorder(recorder)
	there := []*guest{}
	guests := 0
	arrive := func() *guest {
		guests++
		// Where nothing is kept, what dies with a node is counted by nobody here.
		g := newGuest(t, guests, end, time.Duration(5+random.IntN(40))*time.Millisecond, !entry.Keeps || random.IntN(3) > 0)
		g.way *= time.Duration(1 + random.IntN(100))
		there = append(there, g)
		return g
	}
	net := &fakeNet{head: time.Millisecond, tail: 42 * time.Millisecond, load: 580 * time.Millisecond}
	lost := map[string]int{}
	var counting sync.Mutex
	s := StartStage(t.Context(), StageConfig{
		ID: NodeID{Role: "fast"}, Executor: net, Strategy: entry.Start(strategy.Params{Tasks: 3}), Keeps: entry.Keeps, Holding: Holding{0, 1, net.Shapes},
		Cut: 1, Layers: 2, Queue: 60, Window: 1 + random.IntN(4), Batch: 1 + random.IntN(4), Buffer: random.IntN(2) * 2000, Next: []Hopper{arrive()}, End: end,
		Failed: func(n int, err error) {
			counting.Lock()
			defer counting.Unlock()
			lost[err.Error()] += n
		},
	})
	admitted, ids := 0, uint64(0)
	for range 40 {
		pace := random.IntN(2) // or a burst
		for range random.IntN(60) {
			answers, err := s.Offer([]Frame{{ID: ids, Shapes: [][]int{{1}}, Data: []float32{1}, Since: time.Now()}}, false)
			if err != nil {
				t.Fatal(err)
			}
			ids++
			if answers[0].Accepted {
				admitted++
			}
			time.Sleep(time.Duration(random.IntN(40)*random.IntN(2)*pace) * time.Millisecond)
		}
		switch i := random.IntN(max(1, len(there))); {
		case len(there) < 5 && random.IntN(2) == 0:
			if !s.Join(arrive()) {
				t.Fatal("a stage that takes frames takes no node")
			}
		case len(there) > 0 && random.IntN(8) == 0 && entry.Keeps: // it dies first
			there[i].die()
			fallthrough
		case len(there) > 0:
			if !s.Leave(there[i], there[i].part) || s.Leave(there[i], there[i].part) {
				t.Fatal("a node may leave once")
			}
			there = append(there[:i], there[i+1:]...)
		}
	}
	e := s.Close()
	if s.Join(nil) || s.Leave(nil, nil) {
		t.Error("nodes come and go after the end")
	}
	for _, g := range there {
		g.leave()
	}
	time.Sleep(time.Second)
	r := recorder.Close(time.Now(), Entry{}, nil)
	if e.Here() != 0 {
		t.Errorf("seed %d: %d frames have no outcome: %+v", seed, e.Here(), e.Outcomes)
	}
	if entry.Keeps && (r.Delivered != int64(admitted) || e.Lost != 0) {
		t.Errorf("seed %d: %d of %d admitted frames have arrived: %+v", seed, r.Delivered, admitted, e.Outcomes)
	}
	if others := e.Lost - int64(lost[errNoNext.Error()]); !entry.Keeps && others != 0 {
		t.Errorf("seed %d: %d frames are lost while a node is there: %v", seed, others, lost)
	}
}

// A node that leaves a stage that has no other is not waited for: what fast keeps it finishes, and what it does not is lost.
func TestTheLastNextNodeLeaves(t *testing.T) {
	for name, delivered := range map[string]int64{"balance": 20, "baseline": 0} {
		synctest.Test(t, func(t *testing.T) {
			entry, _ := strategy.Lookup(name)
			recorder := NewRecorder(Run{}, time.Now())
			g := newGuest(t, 1, toRecorder(recorder), time.Millisecond, true)
			net, why := pi(), error(nil)
			s := StartStage(t.Context(), StageConfig{
				ID: NodeID{Role: "fast"}, Executor: net, Strategy: entry.Start(strategy.Params{}), Keeps: entry.Keeps, Holding: Holding{0, 1, net.Shapes},
				Cut: 1, Layers: 2, Queue: 20, Window: 4, Next: []Hopper{g}, End: toRecorder(recorder), Failed: func(_ int, err error) { why = err },
			})
			s.Leave(g, g.part)
			for id := range uint64(20) {
				if _, err := s.Offer([]Frame{{ID: id, Shapes: [][]int{{1}}, Data: []float32{1}, Since: time.Now()}}, false); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
			}
			e := s.Close()
			r := recorder.Close(time.Now(), Entry{}, nil)
			if r.Delivered != delivered || e.Here() != 0 || e.Lost != 20-delivered || (e.Lost > 0) != errors.Is(why, errNoNext) {
				t.Errorf("%s: %d have arrived: %+v, %v", name, r.Delivered, e.Outcomes, why)
			}
		})
	}
}
