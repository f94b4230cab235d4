package simulate

import (
	"time"

	"tandem/pipeline"
)

// node is one life of a program that computes: the stage loop as a state machine.
//
//	        frames, or some that came back        all are decided           the layers have run
//	resting ─────────────────────────────▶ deciding ─────────────▶ computing ───────────────▶ leaving
//	   ▲                                    │  ▲                       ▲                        │
//	   │                         wait, news └──┘                       └── others go another way┤
//	   └────────────────────────────────────────────────────────────────────────────────────────┘
//
// What hops and loads have to tell is news. It waits while the node computes; where the node waits itself, news wakes it.
type node struct {
	clock   *clock
	host    *host
	plan    *Node
	c       pipeline.StageConfig
	station *pipeline.Station
	memory  *memory
	next    []*hop
	end     *hop
	opened  time.Time

	state   state
	news    []func()
	batch   []pipeline.Frame
	ways    []pipeline.Way
	from    int // batch[from:to] go the same way, and are next; those before have left
	to      int
	asleep  bool // the strategy waits for news, or the time of nap
	nap     int
	placed  bool // the next frame to leave has its place in the buffer
	ticking bool // a look at the next node's liveness is planned
	loading bool // a load beside the work is under way
	awake   bool // wake is under way
	dead    bool
	reborn  bool // a next node has begun another life
	closing bool
	closed  func() // called once when nothing is on the node any more
}

type state int

const (
	resting state = iota
	deciding
	computing // the next frames are about to be computed
	busy      // in the layers, or making the tail resident
	leaving
)

// patience is how often a frame that waits at a full hop looks whether the node behind it still answers.
const patience = 50 * time.Millisecond

// tell has news for the loop.
func (n *node) tell(news func()) {
	n.news = append(n.news, news)
	n.wake()
}

// receive takes in the oldest news.
func (n *node) receive() bool {
	if len(n.news) == 0 {
		return false
	}
	news := n.news[0]
	n.news[0] = nil
	n.news = n.news[1:]
	news()
	return true
}

// wake lets the loop go on as far as it can now.
func (n *node) wake() {
	if n.awake || n.dead {
		return
	}
	n.awake = true
	for n.advance() {
	}
	n.awake = false
}

// advance goes one step. It reports false where the node has to wait.
func (n *node) advance() bool {
	switch n.state {
	case resting:
		return n.rest()
	case deciding:
		return n.decide()
	case computing:
		return n.compute()
	case leaving:
		return n.leave()
	}
	return false
}

// rest takes the frames that are next: those that have come back are the oldest.
func (n *node) rest() bool {
	if n.reborn { // a next node: it has forgotten what it had
		n.reborn = false
		n.station.TakeBack(false)
	}
	if n.receive() {
		return true
	}
	f, back := n.station.Back()
	if !back {
		n.batch = n.station.Take(n.clock.now, n.batch)
		if ending := n.closing && n.station.InFlight() == 0; len(n.batch) == 0 && ending {
			n.station.TakeBack(true)
			if f, back = n.station.Back(); !back {
				n.finish()
			}
		}
	}
	if back {
		n.batch = append(n.batch[:0], f)
	}
	if len(n.batch) == 0 {
		return false
	}
	n.batch = n.station.Fresh(n.clock.now, n.batch)
	n.ways, n.from, n.to = n.ways[:0], 0, 0
	n.state = deciding
	return true
}

// finish tells once that nothing is left.
func (n *node) finish() {
	if n.end.empty() && !n.loading && n.closed != nil {
		closed := n.closed
		n.closed = nil
		closed()
	}
}

func (n *node) decide() bool {
	for len(n.ways) < len(n.batch) {
		if n.asleep {
			if !n.receive() {
				return false
			}
			n.asleep = false
		}
		i := len(n.ways)
		w := n.station.Decide(n.clock.now, &n.batch[i], len(n.batch)-1-i)
		if w.Load {
			n.loadBeside()
			w.Load = false
		}
		if w.Wait > 0 {
			n.asleep = true
			n.nap++
			nap := n.nap
			n.clock.after(w.Wait, func() {
				if n.asleep && n.nap == nap {
					n.asleep = false
					n.wake()
				}
			})
			continue
		}
		n.ways = append(n.ways, w)
	}
	n.state = computing
	return true
}

// compute takes the next frames that go the same way through their layers.
func (n *node) compute() bool {
	if n.from == len(n.batch) {
		clear(n.batch)
		n.batch, n.state = n.batch[:0], resting
		return true
	}
	for n.to = n.from + 1; n.to < len(n.batch) && n.batch[n.to].Next == n.batch[n.from].Next && n.ways[n.to] == n.ways[n.from]; n.to++ {
	}
	to, w := n.c.Cut, n.ways[n.from]
	if w.Finish || len(n.next) == 0 {
		to = n.c.Layers
		for n.loading { // it is nearly there
			if !n.receive() {
				return false
			}
		}
		if !n.memory.tail {
			n.load()
			return false
		}
	}
	frames := n.batch[n.from:n.to]
	from := frames[0].Next
	if from == to { // the head has run already
		n.ran(w, frames, 0, to)
		return true
	}
	took := n.plan.Device.Computes(n.clock.now.Sub(n.opened), len(frames), from, to, n.c.Cut)
	n.work(took, func() { n.ran(w, frames, took, to) })
	return false
}

// work keeps the loop busy for a time.
func (n *node) work(d time.Duration, then func()) {
	n.state = busy
	n.clock.after(d, func() {
		if !n.dead {
			then()
			n.wake()
		}
	})
}

// load makes the tail resident on the loop.
func (n *node) load() {
	took := n.plan.Device.Loads(n.clock.now.Sub(n.opened))
	n.work(took, func() {
		n.memory.tail = true
		n.station.Switched(took)
		n.state = computing
	})
}

// loadBeside makes it resident beside the work.
func (n *node) loadBeside() {
	n.loading = true
	took := n.plan.Device.Loads(n.clock.now.Sub(n.opened))
	n.clock.after(took, func() {
		n.tell(func() {
			n.loading = false
			n.station.Loaded()
			n.memory.tail = true
			n.station.Switched(took)
		})
	})
}

// ran is behind the layers.
func (n *node) ran(w pipeline.Way, frames []pipeline.Frame, took time.Duration, to int) {
	if took > 0 || frames[0].Next != to {
		n.station.Ran(frames, took, to)
		data := n.memory.data(to)
		for i := range frames {
			frames[i].Data = data
		}
	}
	if !w.Hold && !n.c.KeepTail {
		n.memory.tail = false
	}
	n.state = leaving
}

// leave hands the next frame to its hop. Where that is full the node waits.
func (n *node) leave() bool {
	if n.from == n.to {
		n.state = computing
		return true
	}
	f, w := n.batch[n.from], n.ways[n.from]
	to := -1
	h := n.end
	if !w.Finish && len(n.next) > 0 {
		to, h = w.To, n.next[w.To]
	}
	if !n.placed {
		n.placed = n.station.Place(&f)
	}
	if n.placed && h.offer(f) {
		if to >= 0 {
			n.station.Sent(to)
		}
		n.left()
		return true
	}
	if n.receive() {
		return true
	}
	if to >= 0 && n.c.Keeps && !n.ticking {
		n.ticking = true
		n.clock.after(patience, func() { n.look(to) })
	}
	return false
}

// look sends a frame that waits for a node that does not answer another way.
func (n *node) look(to int) {
	n.ticking = false
	if n.dead || n.state != leaving || n.from == n.to || n.ways[n.from].To != to || n.ways[n.from].Finish {
		return
	}
	if !n.next[to].edge.down {
		n.wake()
		return
	}
	f := n.batch[n.from]
	n.station.Return(f)
	if n.placed {
		n.station.Release(f)
	}
	n.left()
	n.wake()
}

func (n *node) left() {
	n.placed = false
	n.from++
}

// close ends the intake. closed is called when nothing is on the node any more.
func (n *node) close(closed func()) {
	n.station.Close()
	n.closing, n.closed = true, closed
	n.wake()
}
