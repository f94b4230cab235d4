package link

import (
	"math/rand/v2"
	"slices"
	"time"
)

// line is one connection's way over an emulated link: the schedule of its bytes. It does no I/O, and time comes in.
//
//	put ──▶ [ queued ] ── the uplink's rate ──▶ [ flying ] ── delay, jitter, loss ──▶ there
//
// Loss is shown as what TCP makes of it, which is Linux's with SACK and RACK-TLP (RFC 8985, tcp_input.c): a lost segment
// with others behind it is found missing after one round trip and a quarter, and sent again. The last one is found
// missing by nobody, and is sent again after a round trip and 200 ms, Linux's shortest retransmission timeout; so is one
// that is lost once more, and each further timeout is twice as long (RFC 6298). What comes behind a lost segment waits
// for it. The congestion window is not modelled: a link that loses much is slower than this.
type line struct {
	up     *Uplink
	chance *rand.Rand
	queued []parcel  // written, and not yet sent, oldest first
	flying []parcel  // sent, and not yet there
	left   time.Time // when the last bytes sent will all have left
	there  time.Time // when they will be there: nothing overtakes them
}

// parcel is some bytes, and since when they wait or when they are there.
type parcel struct {
	data []byte
	at   time.Time
}

// lag is by how much a line that was held up may catch up. A busy machine's timers are late by less; where the other end
// has not read, or the machine has slept, the time is lost, as it is on a wire.
const lag = 20 * time.Millisecond

// retransmission is Linux's shortest timeout, TCP_RTO_MIN, beside the round trip.
const retransmission = 200 * time.Millisecond

// put adds bytes, which then belong to the line.
func (l *line) put(data []byte, now time.Time) {
	l.queued = append(l.queued, parcel{data, now})
}

// advance moves the schedule to now. It returns the bytes that have arrived since, in order, and when to call it again
// at the latest, which is never (zero) while the line is empty.
func (l *line) advance(now time.Time) (arrived [][]byte, next time.Time) {
	for len(l.queued) > 0 && !l.left.After(now) {
		l.send(now)
	}
	n := 0
	for n < len(l.flying) && !l.flying[n].at.After(now) {
		arrived = append(arrived, l.flying[n].data)
		n++
	}
	l.flying = l.flying[n:]
	if len(l.queued) > 0 {
		next = l.left
	}
	if len(l.flying) > 0 && (next.IsZero() || l.flying[0].at.Before(next)) {
		next = l.flying[0].at
	}
	return arrived, next
}

// send sends the oldest bytes: as many as leave in about a millisecond, so that the lines of an uplink take turns.
func (l *line) send(now time.Time) {
	p := l.queued[0]
	data := p.data[:min(len(p.data), l.up.turn(now))]
	if l.queued[0].data = p.data[len(data):]; len(l.queued[0].data) == 0 {
		l.queued = l.queued[1:]
	}
	ready := later(p.at, now.Add(-lag))
	segments := (len(data) + segment - 1) / segment
	l.left = l.up.send(ready, len(data)+segments*(framed-segment))
	at := l.left.Add(l.up.shape.Delay)
	if jitter := l.up.shape.Jitter; jitter > 0 {
		at = at.Add(time.Duration(l.chance.ExpFloat64() * float64(jitter)))
	}
	l.there = later(at, l.there).Add(l.stall(segments, len(l.queued) > 0))
	l.flying = append(l.flying, parcel{data, l.there})
}

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }

// stall is how long the segments are held up by the loss of some of them. Those lost together are found missing
// together.
func (l *line) stall(segments int, followed bool) time.Duration {
	link := &l.up.shape
	if link.Loss == 0 {
		return 0
	}
	roundTrip := 2 * (link.Delay + link.Jitter)
	var longest time.Duration
	for i := range segments {
		var d time.Duration
		timeout := roundTrip + retransmission
		for again := 0; l.chance.Float64() < link.Loss; again++ {
			if again == 0 && (followed || i < segments-1) {
				d = roundTrip + roundTrip/4
				continue
			}
			d += timeout
			timeout *= 2
		}
		longest = max(longest, d)
	}
	return longest
}
