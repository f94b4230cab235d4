package simulate

import (
	"cmp"
	"context"
	"time"

	"tandem/pipeline"
	"tandem/strategy"
)

// host is a program in all its lives: what answers calls.
type host struct {
	Host
	alive    bool
	stopping bool                          // it hands on what it has, and takes nothing more
	life     string                        // of its present part in the run; empty: the run is not open on it
	open     func(from *host, then func()) // opens the run on it again
	edges    []*edge                       // to it
	bytes    int64                         // sent and received
	offer    func(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error)
}

// edge is the way from one program to another, with what is known of the other one there. It mirrors role's: a circuit breaker
// with signs of life.
type edge struct {
	clock    *clock
	from, to *host
	kept     bool // from keeps frames that are refused
	path     pipeline.Path
	free     []*connection
	calls    []*call // under way
	delay    time.Duration
	value    int // bytes

	arriving []pipeline.Frame // kept for its memory

	seen   strategy.Neighbour // by what calls have shown
	life   string             // of to, as far as is known
	left   string             // the life of to that has handed on all that it had; empty: none has
	down   bool
	reborn func() // told that to has begun another life
	ended  bool   // from has died, or closed the run: nobody waits for answers
}

var _ pipeline.Hopper = (*edge)(nil)

// connection is a pair of lines.
type connection struct{ there, back *line }

// call is one that is under way.
type call struct {
	frames []pipeline.Frame
	mark   pipeline.Call
	over   bool
	done   func(answers []pipeline.Feedback, life string, err error)
}

// What calls take on the wire beside the values of frames, in bytes: the headers of HTTP, and the fields of a frame or its
// feedback.
const (
	requestBytes  = 290
	answerBytes   = 150
	frameBytes    = 40
	feedbackBytes = 40
	resultBytes   = 4 // a value
)

const (
	beat  = 500 * time.Millisecond // between signs of life
	probe = beat / 5               // between those to a node that does not answer
)

func (s *simulation) newEdge(from, to *host, kept bool) *edge {
	e := &edge{clock: s.clock, from: from, to: to, kept: kept, delay: s.plan.Delay, value: cmp.Or(s.plan.Value, resultBytes), life: to.life, reborn: func() {}}
	e.see()
	to.edges = append(to.edges, e)
	return e
}

func (e *edge) connect() *connection {
	if n := len(e.free); n > 0 {
		c := e.free[n-1]
		e.free = e.free[:n-1]
		return c
	}
	return &connection{newLine(e.clock, e.from, e.to, e.delay), newLine(e.clock, e.to, e.from, e.delay)}
}

// call takes frames to the node and brings back what it answers.
func (e *edge) call(frames []pipeline.Frame, done func([]pipeline.Feedback, string, error)) {
	c := &call{frames: frames, mark: e.path.Begin(e.clock.now, len(frames)), done: done}
	e.calls = append(e.calls, c)
	if !e.to.alive {
		e.clock.after(2*e.delay, func() { e.end(c, nil, "", pipeline.ErrUnreachable) })
		return
	}
	sent := e.clock.now.Add(e.path.RoundTrip() / 2) // the way is a part of their age, as far as it is known
	bytes := requestBytes
	for i := range frames {
		value := e.value
		if frames[i].By.Role != "" {
			value = resultBytes
		}
		bytes += frameBytes + value*len(frames[i].Data)
	}
	over := e.connect()
	over.there.send(bytes, func() {
		if c.over {
			return // to has died since
		}
		e.arriving = append(e.arriving[:0], frames...)
		for i := range e.arriving {
			f := &e.arriving[i]
			f.Age, f.Since = f.AgeAt(sent), e.clock.now
		}
		answers, life, err := e.arrive(e.arriving)
		over.back.send(answerBytes+feedbackBytes*len(answers), func() {
			if !c.over {
				e.free = append(e.free, over)
			}
			e.end(c, answers, life, err)
		})
	})
}

// arrive is what the other end does with a call.
func (e *edge) arrive(frames []pipeline.Frame) ([]pipeline.Feedback, string, error) {
	if e.to.life == "" || e.life != "" && e.life != e.to.life { // it was started again
		return nil, "", pipeline.ErrUnknownRun
	}
	if e.to.stopping {
		return nil, "", pipeline.ErrStopping
	}
	if len(frames) == 0 {
		return nil, e.to.life, nil
	}
	answers, err := e.to.offer(frames, e.kept)
	for i := range answers {
		answers[i].Life = e.to.life
	}
	return answers, e.to.life, err
}

// end ends a call, and learns from it whether the node answers.
func (e *edge) end(c *call, answers []pipeline.Feedback, life string, err error) {
	if c.over || e.ended {
		return
	}
	c.over = true
	for i, other := range e.calls {
		if other == c {
			last := len(e.calls) - 1
			e.calls[i], e.calls[last] = e.calls[last], nil
			e.calls = e.calls[:last]
			break
		}
	}
	e.path.End(e.clock.now, c.mark, err == nil)
	e.down = err != nil
	e.see()
	c.done(answers, life, err)
}

// reset is what becomes of the calls under way when the node dies.
func (e *edge) reset() {
	calls := e.calls
	e.calls, e.free = nil, nil
	for _, c := range calls {
		e.clock.after(e.delay, func() { e.end(c, nil, "", pipeline.ErrUnreachable) })
	}
}

// show shows signs of life, as long as the run is open, and opens the run again where the node was started again.
func (e *edge) show() {
	every := beat
	if e.down {
		every = probe
	}
	e.clock.after(every, func() {
		if e.ended {
			return
		}
		e.call(nil, func(_ []pipeline.Feedback, _ string, err error) {
			if err != pipeline.ErrUnknownRun {
				e.show()
				return
			}
			e.to.open(e.from, func() {
				if e.to.alive && e.to.life != "" && !e.ended {
					e.life, e.down = e.to.life, false
					e.reborn()
					e.see()
				}
				e.show()
			})
		})
	})
}

// Send is for hops of goroutines, which a simulation has none of.
func (e *edge) Send(context.Context, []pipeline.Frame) ([]pipeline.Feedback, error) {
	return nil, errSimulated
}

func (e *edge) see() {
	e.seen = strategy.Neighbour{Up: !e.down, RoundTrip: e.path.RoundTrip(), Pace: e.path.Pace()}
}

func (e *edge) Neighbour() strategy.Neighbour { return e.seen }

func (e *edge) ID() pipeline.NodeID { return e.to.ID }
func (e *edge) Life() string        { return e.life }

// Left reports whether a life of the node has handed on all that it had.
func (e *edge) Left(life string) bool { return e.left != "" && e.left == life }
