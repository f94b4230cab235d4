package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/pipeline"
)

// lane is the way to one neighbour. It has as many frames on the way as the neighbour's queue has places, and fewer where that
// has refused some (additive increase, multiplicative decrease, as TCP's congestion window). It is guarded by the line.
type lane struct {
	to    Neighbour
	hop   *pipeline.Hop
	sent  map[uint64]*ask // on the way, and not answered
	room  int             // how many may be
	pause time.Time       // until when nothing is sent, as something was refused, or failed
	// failed is why something was not taken, since something was.
	failed goneError
}

// Pauses after a refusal are as long as the neighbour takes for a frame, within bounds; after a failure they are longer.
const (
	leastPause  = time.Millisecond
	mostPause   = 50 * time.Millisecond
	failedPause = 100 * time.Millisecond
)

// StartLine begins to send what is asked for. Close ends it. The context cuts off what is under way.
func StartLine(ctx context.Context, c LineConfig) *Line {
	l := &Line{LineConfig: c, wake: make(chan struct{}, 1), done: make(chan struct{}), asks: make(map[uint64]*ask)}
	for _, n := range c.Neighbours {
		w := &lane{to: n, sent: make(map[uint64]*ask), room: 1}
		w.hop = pipeline.StartHop(ctx, pipeline.HopConfig{
			Sender: n, Window: c.Window,
			Done: func(frames []pipeline.Frame, answers []pipeline.Feedback, err error) {
				l.answered(w, frames, answers, err)
			},
		})
		l.lanes = append(l.lanes, w)
	}
	go l.run()
	return l
}

// Close takes no more frames, gives up those that wait to be sent, and returns when all that was sent is answered by the
// neighbours.
func (l *Line) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.stir()
	<-l.done
	for _, w := range l.lanes {
		w.hop.Close()
	}
	for _, w := range l.lanes {
		w.hop.Wait() // every call has its deadline
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.waiting {
		l.give(a, goneError{pipeline.Lost, here, "it is being stopped"})
	}
	l.waiting = nil
}

// run is the loop that sends what could not be sent at once.
func (l *Line) run() {
	defer close(l.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		again, open := l.step(time.Now())
		if !open {
			return
		}
		timer.Reset(again)
		select {
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// step sends what can be sent now, gives up what has waited too long, and says after which time to look again, and whether the
// line is open.
func (l *Line) step(now time.Time) (again time.Duration, open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, false
	}
	return l.send(now), true
}

// send gives up what has waited too long, puts what waits into hops while they have room, and says after which time to look
// again. Call it with l.mu held, so that one at a time puts frames into hops.
func (l *Line) send(now time.Time) (again time.Duration) {
	l.waiting = slices.DeleteFunc(l.waiting, func(a *ask) bool { return l.stale(a, now) })
	again = time.Hour
	for len(l.waiting) > 0 {
		again = min(again, l.waiting[0].until.Sub(now))
		w, wait := l.free(now)
		if w == nil {
			return min(again, wait)
		}
		a := l.waiting[0]
		select {
		case w.hop.Out() <- a.frame:
			w.sent[a.frame.ID] = a
			l.waiting = l.waiting[1:]
		default: // until a call is answered
			w.room = len(w.sent)
		}
	}
	return again
}

// free is the lane that has the most room; where all are full or pause, it says after which time to look again.
func (l *Line) free(now time.Time) (best *lane, wait time.Duration) {
	wait = time.Hour
	for _, w := range l.lanes {
		switch paused := w.pause.Sub(now); {
		case len(w.sent) >= w.room: // until it is answered
		case paused > 0:
			wait = min(wait, paused)
		case best == nil || w.room-len(w.sent) > best.room-len(best.sent):
			best = w
		}
	}
	return best, wait
}

// stale gives up a frame that waits to be sent and that nobody waits for, or that has waited too long. Call it with l.mu held.
func (l *Line) stale(a *ask, now time.Time) bool {
	switch {
	case a.ended: // answered though its sending failed, or nobody waits
		l.settle(a, l.verdict(a))
	case !now.Before(a.until):
		l.give(a, l.verdict(a))
	default:
		return false
	}
	return true
}

// verdict is why a frame is given up that waits to be sent.
func (l *Line) verdict(a *ask) goneError {
	gone := a.failed
	for _, w := range l.lanes {
		if gone.why == "" && !a.ended { // those before it were tried
			gone = w.failed
		}
	}
	switch {
	case gone.why != "":
		gone.why += fmt.Sprintf(" (tried for %v)", l.patience())
		return gone
	case a.ended:
		return goneError{pipeline.Expired, here, "nobody waits for it any more"}
	}
	return goneError{pipeline.Refused, here, fmt.Sprintf("it has waited for %v for those before it", l.patience())}
}

// give gives up a frame that waits. Call it with l.mu held.
func (l *Line) give(a *ask, why goneError) {
	l.end(a, result{err: why})
	l.settle(a, why)
}

// settle counts a frame that is gone. Call it with l.mu held.
func (l *Line) settle(a *ask, why goneError) {
	l.Buffer.Release(a.frame)
	l.Book.Gone(why.outcome, a.frame, why)
	a.frame.Data = nil // its memory
}

// answered takes in what became of the frames of one call.
func (l *Line) answered(w *lane, frames []pipeline.Frame, answers []pipeline.Feedback, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	var back []*ask
	for i := range frames {
		a := w.sent[frames[i].ID]
		delete(w.sent, frames[i].ID)
		switch {
		case err == nil && answers[i].Accepted:
			l.Buffer.Release(a.frame)
			l.Book.Hand(w.to, answers[i].Life, a.frame)
			w.room, w.failed = min(w.room+1, answers[i].Capacity), goneError{}
		case err == nil:
			a.failed = goneError{pipeline.Refused, w.to.ID(), "its queue was full"}
			w.failed = a.failed
			w.pause = now.Add(min(max(answers[i].Service, leastPause), mostPause))
			back = append(back, a)
		case errors.Is(err, pipeline.ErrInvalidFrame), errors.Is(err, pipeline.ErrInvalidRun): // to send it again can't help
			l.give(a, goneError{pipeline.Lost, w.to.ID(), err.Error()})
		default:
			a.failed = goneError{pipeline.Lost, w.to.ID(), err.Error()}
			w.failed = a.failed
			w.pause = now.Add(failedPause)
			back = append(back, a)
		}
	}
	if len(back) > 0 {
		w.room /= 2
		l.waiting = slices.Concat(back, l.waiting)
		slices.SortFunc(l.waiting, func(a, b *ask) int { return cmp.Compare(a.frame.ID, b.frame.ID) })
	}
	w.room = max(w.room, 1)
	if len(l.waiting) > 0 {
		l.stir()
	}
}
