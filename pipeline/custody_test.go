package pipeline

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// holder is a node that admits frames, hands them on in any order, and may die and be started again. Calls reach it, and
// its answers the caller, in any order.
type holder struct {
	mu     sync.Mutex
	random *rand.Rand
	places int
	here   admitted
	frames map[uint64]Frame
	onward map[uint64]bool // handed on, by any of its lives
	lives  int
	away   bool
	most   int // frames that were here at once
}

func newHolder(seed uint64) *holder {
	return &holder{
		random: rand.New(rand.NewPCG(seed, 0)), places: 1 + rand.New(rand.NewPCG(seed, 1)).IntN(200),
		here: newAdmitted(), frames: map[uint64]Frame{}, onward: map[uint64]bool{},
	}
}

func (h *holder) wait(most time.Duration) {
	h.mu.Lock()
	d := time.Duration(h.random.Int64N(int64(most)))
	if h.random.IntN(20) == 0 { // the network has lost a packet
		d *= 10
	}
	h.mu.Unlock()
	time.Sleep(d)
}

func (h *holder) Send(_ context.Context, frames []Frame) ([]Feedback, error) {
	h.wait(20 * time.Millisecond)
	answers, err := h.admit(frames)
	h.wait(20 * time.Millisecond)
	return answers, err
}

func (h *holder) admit(frames []Frame) ([]Feedback, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away {
		return nil, ErrUnknownRun
	}
	answers := make([]Feedback, len(frames))
	for i, f := range frames {
		a := &answers[i]
		a.Capacity, a.Life = h.places, fmt.Sprint(h.lives)
		if _, known := h.frames[f.ID]; known || h.onward[f.ID] {
			a.Accepted, a.Number = true, h.here.number(f.ID)
		} else if a.Accepted = len(h.frames) < h.places; a.Accepted {
			h.here.add(&f)
			h.frames[f.ID], a.Number = f, f.number
			h.most = max(h.most, len(h.frames))
		}
	}
	answers[len(answers)-1].Left = h.here.left()
	return answers, nil
}

// handOn hands on any of the frames that are there: a call to the node behind may be answered before one that came earlier.
func (h *holder) handOn() {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := slices.Sorted(maps.Keys(h.frames))
	if len(ids) > 0 {
		id := ids[h.random.IntN(len(ids))]
		h.onward[id] = true
		h.here.leave(h.frames[id])
		delete(h.frames, id)
	}
}

func (h *holder) die() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = true
	clear(h.frames)
}

func (h *holder) comeBack() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away, h.here = false, newAdmitted()
	h.lives++
}

func (*holder) ID() NodeID { return NodeID{Role: "slow", Address: "slow:1"} }

func (*holder) Left(string) bool { return false }

func (h *holder) Life() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprint(h.lives)
}

func (h *holder) Neighbour() strategy.Neighbour {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strategy.Neighbour{Up: !h.away}
}

// dealing forwards while the next node is up and not full, and otherwise waits.
type dealing struct{ full bool }

func (d *dealing) Next(s strategy.Situation) strategy.Decision {
	if wait := !s.Slow.Up || d.full; wait {
		d.full = false
		return strategy.Decision{Wait: 5 * time.Millisecond}
	}
	return strategy.Decision{}
}
func (d *dealing) Observe(f strategy.Feedback) { d.full = !f.Accepted }

// Whatever order calls, answers and frames take, and whenever a next node dies: each frame that it has not handed on comes
// back, and no more are kept than it may still have.
func TestWhatANextNodeLosesComesBack(t *testing.T) {
	for seed := range uint64(25) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			h := newHolder(seed)
			net := &fakeNet{resident: [4]bool{true}}
			s := StartStage(t.Context(), StageConfig{
				ID: NodeID{Role: "fast"}, Executor: net, Strategy: &dealing{}, Keeps: true, Holding: Holding{0, 1, net.Shapes},
				Cut: 1, Layers: 2, Queue: 10, Window: 4, Next: []Hopper{h}, End: sendFunc(accept), Failed: func(int, error) {},
			})
			every, dies, away := time.Duration(1+random.IntN(5)), time.Duration(random.IntN(1000)), time.Duration(random.IntN(300))
			ctx, stop := context.WithCancel(t.Context())
			var beside sync.WaitGroup
			beside.Go(func() {
				for ctx.Err() == nil {
					pause(ctx, every*time.Millisecond)
					h.handOn()
				}
			})
			beside.Go(func() {
				pause(ctx, dies*time.Millisecond)
				h.die()
				pause(ctx, away*time.Millisecond)
				h.comeBack()
			})
			const frames = 400
			for id := uint64(0); id < frames; {
				answers, err := s.Offer([]Frame{{ID: id, Shapes: [][]int{{1}}, Data: []float32{1}, Since: time.Now()}}, true)
				if err != nil {
					t.Fatal(err)
				}
				if answers[0].Accepted {
					id++
				}
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Second) // it has died, and come back
			e := s.Close()
			time.Sleep(2 * time.Second) // the rest is handed on
			stop()
			beside.Wait()
			if e.Forwarded != frames || len(h.onward) != frames {
				t.Errorf("seed %d: %d frames forwarded, %d handed on, of %d", seed, e.Forwarded, len(h.onward), frames)
			}
		})
	}
}

// What is kept is bounded by what the next node can have, even where answers come long after later ones.
func TestOnlyWhatANextNodeHasIsKept(t *testing.T) {
	s := &Station{
		c: StageConfig{Keeps: true, Strategy: strategy.Finisher{}}, fleet: strategy.NewFleet(1),
		buffer: NewBuffer(0, func() {}), here: newAdmitted(),
	}
	b := &branch{to: up{}, inFlight: 1 << 20}
	s.branches = []*branch{b}
	random := rand.New(rand.NewPCG(1, 1))
	there := newAdmitted()
	type call struct {
		frames  []Frame
		answers []Feedback
	}
	var calls []call // answered, and not yet heard of
	var here []Frame
	for id := uint64(0); id < 10_000; {
		c := call{}
		for range 1 + random.IntN(maxCallFrames) {
			f := Frame{ID: id}
			id++
			c.frames = append(c.frames, f)
			there.add(&f)
			here = append(here, f)
			c.answers = append(c.answers, Feedback{Accepted: true, Number: f.number})
		}
		c.answers[len(c.answers)-1].Left = there.left()
		calls = append(calls, c)
		for len(here) > 100 {
			i := random.IntN(len(here))
			there.leave(here[i])
			here = slices.Delete(here, i, i+1)
		}
		for len(calls) > 4 || len(calls) > 0 && random.IntN(2) == 0 {
			i := random.IntN(len(calls))
			s.Answered(time.Time{}, 0, calls[i].frames, calls[i].answers, nil, false)
			calls = slices.Delete(calls, i, i+1)
		}
		unanswered := 0
		for _, c := range calls {
			unanswered += len(c.frames)
		}
		kept := map[uint64]bool{}
		for _, a := range b.accepted {
			kept[a.ID] = true
		}
		for _, c := range calls {
			for _, f := range c.frames {
				kept[f.ID] = true // in flight
			}
		}
		for _, f := range here {
			if !kept[f.ID] {
				t.Fatalf("frame %d is on the next node, and forgotten", f.ID)
			}
		}
		if most := 100 + 8*maxCallFrames + unanswered; len(b.accepted) > most {
			t.Fatalf("%d frames are kept, and 100 are on the next node", len(b.accepted))
		}
	}
}

// The frames of the call that is answered last are not what is kept.
func TestALateAnswerForgetsNothing(t *testing.T) {
	s := &Station{
		c: StageConfig{Keeps: true, Strategy: strategy.Finisher{}}, fleet: strategy.NewFleet(1),
		buffer: NewBuffer(0, func() {}), here: newAdmitted(),
	}
	b := &branch{to: up{}, inFlight: 64}
	s.branches = []*branch{b}
	there := newAdmitted()
	answers := make([][]Feedback, 4)
	frames := make([][]Frame, 4)
	for call := range 4 {
		for i := range 16 {
			f := Frame{ID: uint64(16*call + i)}
			frames[call] = append(frames[call], f)
			there.add(&f)
			answers[call] = append(answers[call], Feedback{Accepted: true, Number: f.number})
		}
		answers[call][15].Left = there.left()
	}
	for _, call := range []int{1, 2, 3, 0} { // accepted first, answered last
		s.Answered(time.Time{}, 0, frames[call], answers[call], nil, false)
	}
	if n := len(b.accepted); n != 64 {
		t.Errorf("%d of 64 frames are kept", n)
	}
}
