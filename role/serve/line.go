package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/transport"
)

// Line is the frames that programs have asked for, from the moment at which they come until each has its answer, or is known to
// have none. Each has an id, in the order in which they came:
//
//	Ask ──▶ waiting ──▶ sent ──▶ accepted ──▶ answered     by whom it is heard first, Told or the clock, says how it ends
//	           ▲          │
//	           └──────────┘ refused, or no answer: again, for a while
type Line struct {
	LineConfig
	lanes []*lane
	wake  chan struct{} // holds one when there is something to do
	done  chan struct{} // closed when the loop has ended

	mu      sync.Mutex
	next    uint64          // id
	asks    map[uint64]*ask // that are not answered yet
	waiting []*ask          // to be sent, the oldest first
	closed  bool
}

// LineConfig is what a line needs.
type LineConfig struct {
	Run        pipeline.Run
	Inputs     []pipeline.Tensor
	Neighbours []Neighbour // that take frames
	Book       Book
	Buffer     *pipeline.Buffer // bounds the bytes of frames that are here
	Window     int              // calls under way at once, to each neighbour
	Timeout    time.Duration    // of a request
}

// Neighbour takes frames.
type Neighbour interface {
	pipeline.Sender
	ID() pipeline.NodeID
}

// Book is where frames are counted. Its methods may be called by several goroutines.
type Book interface {
	Receive(id uint64)
	Hand(to Neighbour, life string, f pipeline.Frame)
	Gone(o pipeline.Outcome, f pipeline.Frame, why error)
}

// ask is one frame that a program waits for.
type ask struct {
	frame  pipeline.Frame
	until  time.Time     // when it is no longer tried to have it accepted
	failed goneError     // why it was not, the last time
	row    int           // of its request
	to     chan<- result // its request
	ended  bool          // it has its result, or nobody waits any more
}

// result is what became of a frame.
type result struct {
	row    int
	answer answer.Answer
	err    error
}

// maxAsks is how many frames may be in the line.
const maxAsks = 4096

// goneError is why a frame has no answer.
type goneError struct {
	outcome pipeline.Outcome
	by      pipeline.NodeID
	why     string
}

func (e goneError) Error() string {
	return fmt.Sprintf("%v on %v: %s", e.outcome, e.by, e.why)
}

// status is that of the response.
func (e goneError) status() int {
	switch e.outcome {
	case pipeline.Refused, pipeline.Dropped:
		return http.StatusTooManyRequests
	case pipeline.Expired:
		return http.StatusGatewayTimeout
	}
	return http.StatusServiceUnavailable
}

// whys explain an outcome that end tells of.
var whys = map[pipeline.Outcome]string{
	pipeline.Refused: "its queue is full",
	pipeline.Dropped: "its queue was full, and the frame had to go for a newer one",
	pipeline.Expired: "the frame was older than --max-age when its turn came",
	pipeline.Lost:    "the node could not compute it or hand it on; its log has the reason",
}

// here is what the line is called where it refuses or loses a frame itself.
var here = pipeline.NodeID{Role: pipeline.Roles[0]}

// Ask puts a frame for each row into the line, and waits for all answers, which are in the order of the rows. As soon as a row
// will have none the others are not waited for, and the error says why.
func (l *Line) Ask(ctx context.Context, rows [][]float32) ([]answer.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	results := make(chan result, len(rows))
	asks, err := l.enter(rows, results)
	if err != nil {
		return nil, err
	}
	defer l.leave(asks)
	answers := make([]answer.Answer, len(asks))
	for range asks {
		select {
		case r := <-results:
			if r.err != nil {
				return nil, r.err
			}
			answers[r.row] = r.answer
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, goneError{pipeline.Expired, here, fmt.Sprintf("no answer came within %v (--timeout)", l.Timeout)}
			}
			return nil, ctx.Err() // the program is gone
		}
	}
	return answers, nil
}

// enter makes frames of rows: all of them, or none where there is no place for all.
func (l *Line) enter(rows [][]float32, to chan<- result) ([]*ask, error) {
	now := time.Now()
	shapes := make([][]int, len(l.Inputs))
	for i, in := range l.Inputs {
		shapes[i] = in.Shape
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, goneError{pipeline.Lost, here, "it is being stopped"}
	case len(l.asks)+len(rows) > maxAsks:
		return nil, goneError{pipeline.Refused, here, fmt.Sprintf("%d frames are asked for already, of %d that may be at once", len(l.asks), maxAsks)}
	}
	var asks []*ask
	for i, row := range rows {
		f := pipeline.Frame{Shapes: shapes, Data: row, Label: pipeline.NoLabel, Since: now}
		if !l.Buffer.Take(&f) {
			for _, a := range asks {
				l.Buffer.Release(a.frame)
			}
			return nil, goneError{pipeline.Refused, here, "its buffer is full: raise --buffer there, or send fewer rows at once"}
		}
		asks = append(asks, &ask{frame: f, until: now.Add(l.patience()), row: i, to: to})
	}
	for _, a := range asks {
		a.frame.ID = l.next
		l.next++
		l.asks[a.frame.ID] = a
		l.Book.Receive(a.frame.ID)
	}
	l.waiting = append(l.waiting, asks...)
	if l.send(now); len(l.waiting) > 0 {
		l.stir()
	}
	return asks, nil
}

// patience is how long a frame that is refused goes again: bursts pass, and overload is told soon.
func (l *Line) patience() time.Duration { return l.Timeout / 4 }

// leave forgets frames that nobody waits for any more.
func (l *Line) leave(asks []*ask) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range asks {
		if !a.ended {
			l.end(a, result{})
			l.stir() // it may not be sent yet, and need not be
		}
	}
}

// end gives a frame its result, once. Call it with l.mu held.
func (l *Line) end(a *ask, r result) {
	if a.ended {
		return
	}
	a.ended = true
	delete(l.asks, a.frame.ID)
	r.row = a.row
	a.to <- r // there is a place for each row
}

// Told takes in what has become of frames, as end tells it.
func (l *Line) Told(t transport.Told) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range t.Answers {
		a := l.asks[t.Answers[i].ID]
		if a == nil {
			continue
		}
		r := result{answer: answer.Of(l.Run, &t.Answers[i])}
		if !slices.EqualFunc(l.Run.Outputs, r.answer.Outputs, func(t pipeline.Tensor, o answer.Output) bool {
			return slices.Equal(t.Shape, o.Shape) && len(o.Values) == pipeline.Volume(t.Shape)
		}) {
			r.err = goneError{pipeline.Lost, t.Answers[i].By, "its answer has not the shapes of the network's outputs"}
		}
		l.end(a, r)
	}
	for _, f := range t.Gone {
		for _, ids := range f.Frames {
			for id := ids[0]; ; id++ {
				if a := l.asks[id]; a != nil {
					l.end(a, result{err: goneError{f.Outcome, f.NodeID, whys[f.Outcome]}})
				}
				if id == ids[1] {
					break
				}
			}
		}
	}
}

// stir wakes the loop. Call it with l.mu held, or not.
func (l *Line) stir() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
