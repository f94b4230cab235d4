package answer

import (
	"errors"
	"sync"

	"tandem/pipeline"
)

// Event is what became of frames of a run: an answer, or, where that is nil, that there will be none.
type Event struct {
	Run    string
	Answer *Answer // not to be changed: all subscribers have the same
	Gone   pipeline.Loss
}

// Fan hands each event to all who have subscribed (fan-out), and waits for none of them. It remembers the newest events for
// those who subscribe again after their connection, or this process, was lost. Several goroutines may use it.
//
//	Publish ──┬──▶ [ bounded ] ──▶ Take    full: the event is lost to this subscriber alone, and counted
//	          ├──▶ [ bounded ] ──▶ Take
//	          └──▶ [ newest  ] ──▶ Subscribe
type Fan struct {
	Full bool // readers have the values of the outputs, unless they ask for less

	mu          sync.Mutex
	subscribers map[*Subscription]bool
	recent      queue
	closed      bool
}

// What waits for a subscriber, and what is remembered for new ones, have these bounds.
const (
	maxSubscribers = 64
	maxWaiting     = 4096
	maxBytes       = 4 << 20
)

// NewFan makes one without subscribers.
func NewFan() *Fan { return &Fan{subscribers: make(map[*Subscription]bool)} }

// ErrCrowded says that there are too many subscribers, or that the node is stopping.
var ErrCrowded = errors.New("64 subscribers to answers are allowed, and so many are here, or the node is stopping: close one")

// Subscribe begins to take the events of a run; of any where that is empty. again: the newest events of before come first.
func (f *Fan) Subscribe(run string, again bool) (*Subscription, error) {
	return f.subscribe(Subscription{run: run, most: maxBytes}, again)
}

func (f *Fan) subscribe(new Subscription, again bool) (*Subscription, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.subscribers) >= maxSubscribers {
		return nil, ErrCrowded
	}
	s := &new
	s.fan, s.ready = f, make(chan struct{}, 1)
	f.subscribers[s] = true
	for _, e := range f.recent.events {
		if again {
			s.offer(e)
		}
	}
	return s, nil
}

// Publish hands on an event.
func (f *Fan) Publish(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent.push(e)
	for f.recent.full(maxBytes) {
		f.recent.pop()
	}
	for s := range f.subscribers {
		s.offer(e)
	}
}

// Close ends all subscriptions; what waits can still be taken.
func (f *Fan) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for s := range f.subscribers {
		s.end()
	}
}

// Subscription is what one subscriber takes from. It has a queue, which is guarded by the fan.
type Subscription struct {
	fan    *Fan
	run    string
	brief  bool          // without the values of the outputs
	most   int           // bytes that may wait
	ready  chan struct{} // holds one when there is something to take; closed at the end
	queue  queue
	missed int64
	ended  bool
}

// offer puts an event into the queue, if it is one of the run's. Call it with fan.mu held.
func (s *Subscription) offer(e Event) {
	if s.ended || s.run != "" && s.run != e.Run {
		return
	}
	if s.brief && e.Answer != nil {
		e.Answer = new(e.Answer.Brief())
	}
	if s.queue.push(e); s.queue.full(s.most) {
		s.queue.drop()
		s.missed++
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Ready has something in it when there are events to take. It is closed with the subscription.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// Take takes all events that wait, and says how many were lost since the last time because too many waited.
func (s *Subscription) Take() (events []Event, missed int64) {
	s.fan.mu.Lock()
	defer s.fan.mu.Unlock()
	events, missed = s.queue.events, s.missed
	s.queue, s.missed = queue{}, 0
	return events, missed
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.fan.mu.Lock()
	defer s.fan.mu.Unlock()
	s.end()
}

// end ends the subscription. Call it with fan.mu held.
func (s *Subscription) end() {
	if !s.ended {
		s.ended = true
		delete(s.fan.subscribers, s)
		close(s.ready)
	}
}

// queue is events in their order, with their number and bytes bounded. One event may always be in it, however large it is.
type queue struct {
	events []Event
	bytes  int
}

func (q *queue) push(e Event) {
	q.events = append(q.events, e)
	q.bytes += e.bytes()
}

func (q *queue) full(bytes int) bool {
	return len(q.events) > maxWaiting || len(q.events) > 1 && q.bytes > bytes
}

// pop takes the oldest event away, and drop the newest.
func (q *queue) pop() {
	q.bytes -= q.events[0].bytes()
	q.events[0] = Event{} // its memory
	q.events = q.events[1:]
}

func (q *queue) drop() {
	last := len(q.events) - 1
	q.bytes -= q.events[last].bytes()
	q.events = q.events[:last]
}

// bytes is about what the event takes in memory.
func (e *Event) bytes() int {
	if e.Answer == nil {
		return 128 + 16*len(e.Gone.Frames)
	}
	return e.Answer.bytes()
}
