package pipeline

import (
	"math"
	"sync"
	"time"
)

// Path measures the way to a neighbour, from the calls that are made anyway: their round trip, and the pace, which is what the
// link takes for a frame:
//
//   - A call takes the way there and back, which an empty call shows, and the pace for each of its frames: no more than
//     that where it found the link free, though others may still wait for their answers.
//   - While several are in flight the link lets through, in the time of one, the frames that were answered in it (the
//     delivery rate of BBR: Cardwell and others, 2016).
//
// By the bytes of the frames the pace is the link's rate.
//
// Neither is ever less than the pace, so the least that was seen is the best guess. That holds as long as the way is not
// taken for longer than it is: a full link slows an empty call down too, so one that was not alone may only shorten it.
//
// Time comes in as an argument. Several goroutines may use it.
type Path struct {
	mu        sync.Mutex
	roundTrip ewma
	pending   int // frames in flight
	answered  int // frames
	empty     least
	frame     least
	mebibyte  least
}

// How long the least of something is remembered: links change.
const (
	rememberEmpty = time.Minute
	rememberFrame = 10 * time.Second
)

// Call is the beginning of one.
type Call struct {
	At       time.Time
	Bytes    int // of the frames' values; 0: it is not known
	frames   int
	alone    bool // nothing else was in flight
	answered int
}

// Begin takes note of a call with so many frames.
func (p *Path) Begin(now time.Time, frames int) Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := Call{At: now, frames: frames, alone: p.pending == 0, answered: p.answered}
	p.pending += frames
	return c
}

// End takes note of the end of a call: answered, or given up.
func (p *Path) End(now time.Time, c Call, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending -= c.frames
	if !answered {
		return
	}
	took := now.Sub(c.At)
	p.roundTrip.add(took)
	p.answered += c.frames
	switch {
	case c.frames == 0:
		if c.alone || !p.empty.known() || took < p.empty.value() {
			p.empty.add(took, now, rememberEmpty)
		}
	case !c.alone || p.empty.known():
		each := p.each(c, took)
		p.frame.add(each, now, rememberFrame)
		if c.Bytes > 0 {
			p.mebibyte.add(time.Duration(float64(max(each, tells))*float64(c.frames)/float64(c.Bytes)*(1<<20)), now, rememberFrame)
		}
	}
}

// each is what the link has taken for a frame of a call, at most.
func (p *Path) each(c Call, took time.Duration) time.Duration {
	each := took / time.Duration(p.answered-c.answered)
	if p.empty.known() {
		each = min(each, max(0, took-p.empty.value())/time.Duration(c.frames))
	}
	return each
}

// tells is the least time of a frame that is one: no link is infinitely fast.
const tells = time.Microsecond

// RoundTrip is the EWMA of the time between a call and its answer; 0 before the first.
func (p *Path) RoundTrip() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roundTrip.mean
}

// Pace is what the link takes for a frame; 0: not yet known.
func (p *Path) Pace() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frame.value()
}

// Rate is how many bytes a second the link carries; 0: not yet known.
func (p *Path) Rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.mebibyte.known() {
		return 0
	}
	return math.Round((1 << 20) / p.mebibyte.value().Seconds())
}

// least remembers the least of what was added, for once to twice a span.
type least struct {
	now, before time.Duration
	since       time.Time // when now began; zero: nothing was added
}

func (l *least) add(d time.Duration, at time.Time, span time.Duration) {
	switch {
	case !l.known():
		l.now, l.before, l.since = d, d, at
	case at.Sub(l.since) > span:
		l.now, l.before, l.since = d, l.now, at
	default:
		l.now = min(l.now, d)
	}
}

func (l *least) known() bool { return !l.since.IsZero() }

func (l *least) value() time.Duration { return min(l.now, l.before) }
