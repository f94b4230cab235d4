package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// fakeNode is a neighbour with a queue, and the rest of the pipeline: it takes a time for each frame, and tells the line.
type fakeNode struct {
	id       pipeline.NodeID
	places   int
	takes    time.Duration
	line     *Line
	fail     func() error // nil: it answers
	swallows bool         // it accepts frames, and nothing is heard of them
	mu       sync.Mutex
	queued   int
	free     time.Time // when it has worked off what it has
	calls    int
}

func (n *fakeNode) ID() pipeline.NodeID { return n.id }

func (n *fakeNode) Send(_ context.Context, frames []pipeline.Frame) ([]pipeline.Feedback, error) {
	time.Sleep(time.Millisecond)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	if n.fail != nil {
		if err := n.fail(); err != nil {
			return nil, err
		}
	}
	answers := make([]pipeline.Feedback, len(frames))
	for i, f := range frames {
		if answers[i] = (pipeline.Feedback{Capacity: n.places, Service: n.takes, Life: "1"}); n.queued == n.places {
			continue
		}
		n.queued++
		answers[i].Accepted = true
		n.free = time.Unix(0, max(n.free.UnixNano(), time.Now().UnixNano())).Add(n.takes)
		time.AfterFunc(time.Until(n.free), func() {
			n.mu.Lock()
			n.queued--
			n.mu.Unlock()
			if !n.swallows {
				n.line.Told(transport.Told{Answers: []pipeline.Frame{{ID: f.ID, By: n.id, Shapes: [][]int{{1}}, Data: []float32{10 * f.Data[0]}, Since: time.Now()}}})
			}
		})
	}
	return answers, nil
}

// fakeBook counts.
type fakeBook struct {
	mu       sync.Mutex
	received int
	handed   map[pipeline.NodeID]int
	gone     map[pipeline.Outcome]int
}

func (b *fakeBook) Receive(uint64) { b.mu.Lock(); b.received++; b.mu.Unlock() }
func (b *fakeBook) Hand(to Neighbour, _ string, _ pipeline.Frame) {
	b.mu.Lock()
	b.handed[to.ID()]++
	b.mu.Unlock()
}
func (b *fakeBook) Gone(o pipeline.Outcome, _ pipeline.Frame, why error) {
	b.mu.Lock()
	b.gone[o]++
	b.mu.Unlock()
	if why.Error() == "" {
		panic("a frame is gone for no reason")
	}
}

// lineOf starts a line to nodes, plays, and checks that every frame has a known end.
func lineOf(t *testing.T, nodes []*fakeNode, play func(t *testing.T, l *Line, b *fakeBook)) {
	synctest.Test(t, func(t *testing.T) {
		tensor := []pipeline.Tensor{{Name: "x", Shape: []int{1}, Type: "float32"}}
		b := &fakeBook{handed: map[pipeline.NodeID]int{}, gone: map[pipeline.Outcome]int{}}
		c := LineConfig{Run: pipeline.Run{ID: "r", Outputs: tensor}, Inputs: tensor, Book: b, Buffer: pipeline.NewBuffer(1<<20, func() {}), Window: 4, Timeout: 5 * time.Second}
		for _, n := range nodes {
			c.Neighbours = append(c.Neighbours, n)
		}
		l := StartLine(context.Background(), c)
		for _, n := range nodes {
			n.line = l
		}
		play(t, l, b)
		l.Close()
		time.Sleep(time.Minute) // what is on the nodes is worked off
		synctest.Wait()
		sum := 0
		for _, n := range b.handed {
			sum += n
		}
		for _, n := range b.gone {
			sum += n
		}
		if sum != b.received || len(l.asks) != 0 || len(l.waiting) != 0 {
			t.Errorf("%d frames received, handed %v, gone %v; %d asked, %d waiting", b.received, b.handed, b.gone, len(l.asks), len(l.waiting))
		}
	})
}

// askAll asks for so many frames at once, and counts the statuses; the longest time comes with them.
func askAll(t *testing.T, l *Line, frames int) (statuses map[int]int, longest time.Duration, errs []error) {
	statuses = map[int]int{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for i := range frames {
		asking.Go(func() {
			began := time.Now()
			answers, err := l.Ask(context.Background(), [][]float32{{float32(i)}})
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, time.Since(began))
			status := http.StatusOK
			if err == nil && answers[0].Outputs[0].Values[0] != 10*float32(i) {
				t.Errorf("frame %d: %+v", i, answers)
			}
			if gone := (goneError{}); errors.As(err, &gone) {
				status = gone.status()
				errs = append(errs, err)
			} else if err != nil {
				t.Error(err)
			}
			statuses[status]++
		})
	}
	asking.Wait()
	return statuses, longest, errs
}

func fast(places int, takes time.Duration) *fakeNode {
	return &fakeNode{id: pipeline.NodeID{Role: "fast", Address: "fast:1"}, places: places, takes: takes}
}

// A burst that the queue has no place for passes all the same, if the node is quick enough, and few frames go in vain.
func TestBurstPasses(t *testing.T) {
	n := fast(10, 2*time.Millisecond)
	lineOf(t, []*fakeNode{n}, func(t *testing.T, l *Line, b *fakeBook) {
		for range 3 {
			if statuses, longest, _ := askAll(t, l, 64); statuses[http.StatusOK] != 64 || longest > 300*time.Millisecond {
				t.Errorf("%v, after %v", statuses, longest)
			}
		}
		if n.calls > 300 {
			t.Errorf("%d calls for 192 frames", n.calls)
		}
	})
}

// Overload is told soon, with the node that refused.
func TestOverloadIsRefused(t *testing.T) {
	lineOf(t, []*fakeNode{fast(5, 40*time.Millisecond)}, func(t *testing.T, l *Line, b *fakeBook) {
		statuses, longest, errs := askAll(t, l, 100)
		if statuses[http.StatusOK] < 10 || statuses[http.StatusOK]+statuses[http.StatusTooManyRequests] != 100 || longest > 2*time.Second {
			t.Errorf("%v, after %v", statuses, longest)
		}
		if b.gone[pipeline.Refused] != statuses[http.StatusTooManyRequests] {
			t.Errorf("%v, and the book has %v", statuses, b.gone)
		}
		if text := fmt.Sprint(errs); !strings.Contains(text, "refused on fast (fast:1): its queue was full") {
			t.Error(text)
		}
	})
}

// Frames are dealt to the neighbours that have room.
func TestSeveralNeighboursShare(t *testing.T) {
	a, b := fast(5, 10*time.Millisecond), fast(5, 20*time.Millisecond)
	b.id = pipeline.NodeID{Role: "slow", Address: "slow:1"}
	lineOf(t, []*fakeNode{a, b}, func(t *testing.T, l *Line, book *fakeBook) {
		if statuses, _, _ := askAll(t, l, 40); statuses[http.StatusOK] != 40 {
			t.Errorf("%v", statuses)
		}
		if book.handed[a.id] < 15 || book.handed[b.id] < 8 {
			t.Errorf("%v", book.handed)
		}
	})
}

// A neighbour that is away for a moment costs nothing, and one that stays away is an answer soon.
func TestNeighbourIsAway(t *testing.T) {
	n := fast(10, time.Millisecond)
	n.fail = func() error { return fmt.Errorf("fast:1 %w: connection refused", pipeline.ErrUnreachable) }
	lineOf(t, []*fakeNode{n}, func(t *testing.T, l *Line, b *fakeBook) {
		statuses, longest, errs := askAll(t, l, 5)
		if statuses[http.StatusServiceUnavailable] != 5 || longest > 1400*time.Millisecond || b.gone[pipeline.Lost] != 5 {
			t.Errorf("%v, after %v: %v", statuses, longest, b.gone)
		}
		if text := fmt.Sprint(errs); !strings.Contains(text, "lost on fast (fast:1)") || !strings.Contains(text, "connection refused") {
			t.Error(text)
		}
		back := time.Now().Add(300 * time.Millisecond)
		n.mu.Lock()
		n.fail = func() error {
			if time.Now().Before(back) {
				return pipeline.ErrUnreachable
			}
			return nil
		}
		n.mu.Unlock()
		if statuses, _, _ := askAll(t, l, 20); statuses[http.StatusOK] != 20 {
			t.Errorf("%v", statuses)
		}
	})
}

// What is accepted and never heard of again is too late in the end, and no sooner.
func TestNothingHangs(t *testing.T) {
	n := fast(10, time.Millisecond)
	n.swallows = true
	lineOf(t, []*fakeNode{n}, func(t *testing.T, l *Line, b *fakeBook) {
		statuses, longest, errs := askAll(t, l, 5)
		if statuses[http.StatusGatewayTimeout] != 5 || longest != l.Timeout || !strings.Contains(fmt.Sprint(errs), "within 5s (--timeout)") {
			t.Errorf("%v, after %v: %v", statuses, longest, errs)
		}
		n.mu.Lock()
		n.fail = func() error { return pipeline.ErrInvalidFrame }
		n.mu.Unlock()
		if statuses, longest, _ := askAll(t, l, 1); statuses[http.StatusServiceUnavailable] != 1 || longest > 10*time.Millisecond {
			t.Errorf("%v, after %v", statuses, longest)
		}
	})
}

// What end says of frames further down is the answer: where they ended, and how.
func TestLossesAreAnswers(t *testing.T) {
	slow := pipeline.NodeID{Role: "slow", Address: "slow:1"}
	for outcome, want := range map[pipeline.Outcome]int{
		pipeline.Refused: http.StatusTooManyRequests, pipeline.Dropped: http.StatusTooManyRequests,
		pipeline.Lost: http.StatusServiceUnavailable, pipeline.Expired: http.StatusGatewayTimeout,
	} {
		n := fast(10, time.Millisecond)
		n.swallows = true
		lineOf(t, []*fakeNode{n}, func(t *testing.T, l *Line, b *fakeBook) {
			time.AfterFunc(50*time.Millisecond, func() {
				l.Told(transport.Told{Gone: []pipeline.Loss{{NodeID: slow, Outcome: outcome, Frames: pipeline.IDs{{0, 2}, {1 << 50, 1 << 50}}}}})
			})
			statuses, longest, errs := askAll(t, l, 3)
			if statuses[want] != 3 || longest != 50*time.Millisecond || !strings.Contains(fmt.Sprint(errs), outcome.String()+" on slow (slow:1): ") {
				t.Errorf("%v: %v, after %v: %v", outcome, statuses, longest, errs)
			}
		})
	}
}

// A program that goes away leaves nothing behind, and answers that are none of the network's are no answers.
func TestProgramGoesAway(t *testing.T) {
	n := fast(1, 100*time.Millisecond)
	lineOf(t, []*fakeNode{n}, func(t *testing.T, l *Line, b *fakeBook) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, err := l.Ask(ctx, [][]float32{{1}, {2}, {3}}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if b.received != 3 || b.handed[n.id] != 1 || b.gone[pipeline.Refused]+b.gone[pipeline.Expired] != 2 {
			t.Errorf("handed %v, gone %v", b.handed, b.gone)
		}
		time.AfterFunc(50*time.Millisecond, func() {
			l.Told(transport.Told{Answers: []pipeline.Frame{{ID: 3, Shapes: [][]int{{2}}, Data: []float32{1, 2}, By: n.id}}})
		})
		if _, err := l.Ask(context.Background(), [][]float32{{1}}); err == nil || !strings.Contains(err.Error(), "not the shapes") {
			t.Errorf("error %v", err)
		}
	})
}

// What waits is bounded in frames and bytes, and all rows of a request come in or none.
func TestLineIsBounded(t *testing.T) {
	n := fast(1, time.Hour)
	lineOf(t, []*fakeNode{n}, func(t *testing.T, l *Line, b *fakeBook) {
		var asking sync.WaitGroup
		for range 4 {
			asking.Go(func() { _, _ = l.Ask(context.Background(), rowsOf(1000)) })
		}
		synctest.Wait()
		if _, err := l.Ask(context.Background(), rowsOf(1000)); err == nil || !strings.Contains(err.Error(), "refused on client: 4000 frames are asked for already") {
			t.Errorf("error %v", err)
		}
		asking.Wait()
		large := make([]float32, 1<<17)
		_, err := l.Ask(context.Background(), [][]float32{large, large, large})
		if err == nil || !strings.Contains(err.Error(), "buffer is full: raise --buffer") {
			t.Errorf("error %v", err)
		}
	})
}

func rowsOf(rows int) [][]float32 {
	all := make([][]float32, rows)
	for i := range all {
		all[i] = []float32{1}
	}
	return all
}
