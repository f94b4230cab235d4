package input

import (
	"sync"
	"time"
)

// mailbox is what a camera has sent and nobody has taken. It keeps the newest picture of a live stream, and all of a
// recording, which waits when there is no room.
//
//	camera ──▶ jpegs ──▶ mailbox ──▶ decoder ──▶ the beat
//	                        └──▶ stale: skipped
type mailbox struct {
	mu    sync.Mutex
	shots []shot
	bytes int
	live  bool  // only the newest counts
	guess bool  // it is not known yet whether the stream is live
	waits int   // pictures that had to be waited for
	ended error // nothing comes any more
	came  time.Time
	any   bool          // a picture has ever come
	room  chan struct{} // holds one when some was made
	skip  func(n int)   // counts those that nobody will take
	wake  func()
}

// shot is a picture that nobody has decoded.
type shot struct {
	file []byte
	at   time.Time // when its last byte arrived
}

const (
	// A camera lets its reader wait for a picture, a recording that comes through a pipe does not: after so many waits of
	// such a length the stream is live.
	liveWaits = 3
	liveWait  = 4 * time.Millisecond
	// mailBytes is how much of a recording is read ahead.
	mailBytes = 8 << 20
)

// put adds a picture that was waited for so long. It gives up when done is closed.
func (m *mailbox) put(s shot, waited time.Duration, done <-chan struct{}) {
	for {
		if m.offer(s, waited) {
			m.wake()
			return
		}
		waited = 0
		select {
		case <-m.room:
		case <-done:
			return
		}
	}
}

// offer adds a picture where there is room.
func (m *mailbox) offer(s shot, waited time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if waited >= liveWait && m.any && m.guess {
		m.waits++
		m.live = m.waits >= liveWaits
	}
	m.came, m.any = s.at, true
	if m.live {
		m.skip(len(m.shots))
		m.shots, m.bytes = m.shots[:0], 0
	}
	if len(m.shots) > 0 && m.bytes+len(s.file) > mailBytes {
		return false
	}
	m.shots, m.bytes = append(m.shots, s), m.bytes+len(s.file)
	return true
}

// end says that nothing comes any more.
func (m *mailbox) end(err error) {
	m.mu.Lock()
	m.ended = err
	m.mu.Unlock()
	m.wake()
}

// ready reports whether take has something to say.
func (m *mailbox) ready() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.shots) > 0 || m.ended != nil
}

// take returns the next picture, or why there will be none. Call it when it is ready.
func (m *mailbox) take() (shot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.shots) == 0 {
		return shot{}, m.ended
	}
	s := m.shots[0]
	m.shots[0] = shot{}
	m.shots, m.bytes = m.shots[1:], m.bytes-len(s.file)
	select {
	case m.room <- struct{}{}:
	default:
	}
	return s, nil
}

// silent is for how long no picture has come, since that moment or later.
func (m *mailbox) silent(since, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.came.After(since) {
		since = m.came
	}
	return now.Sub(since)
}
