package simulate

import "time"

// line takes messages over one connection's line, one way, in their order.
type line struct {
	clock    *clock
	from, to *host
	schedule Line // nil: the real link, which takes no time
	delay    time.Duration
	messages []message
	woken    time.Time // for the earliest event that is planned; zero: none is
}

// message is one that is under way.
type message struct {
	bytes   int // that have not arrived
	arrives func()
}

func newLine(c *clock, from, to *host, delay time.Duration) *line {
	l := &line{clock: c, from: from, to: to, delay: delay}
	if from.Uplink != nil {
		l.schedule = from.Uplink.Line()
	}
	return l
}

// send sends a message of so many bytes.
func (l *line) send(bytes int, arrives func()) {
	l.from.bytes += int64(bytes)
	l.to.bytes += int64(bytes)
	if l.schedule == nil {
		l.clock.after(l.delay, arrives)
		return
	}
	l.messages = append(l.messages, message{bytes, arrives})
	l.schedule.Put(bytes, l.clock.now)
	l.advance()
}

// advance lets arrive what is there, and plans the next look.
func (l *line) advance() {
	arrived, next := l.schedule.Advance(l.clock.now)
	for len(l.messages) > 0 && l.messages[0].bytes <= arrived {
		m := l.messages[0]
		arrived -= m.bytes
		l.messages[0] = message{}
		l.messages = l.messages[1:]
		l.clock.after(l.delay, m.arrives)
	}
	if len(l.messages) > 0 {
		l.messages[0].bytes -= arrived
	}
	if next.IsZero() || !l.woken.IsZero() && !next.Before(l.woken) {
		return
	}
	l.woken = next
	l.clock.at(next, func() {
		if l.woken.Equal(next) {
			l.woken = time.Time{}
		}
		l.advance()
	})
}
