package link

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// script is chances that are set: true is a lost segment. After its end nothing is lost.
type script struct{ lost []bool }

func (s *script) Uint64() uint64 {
	lost := false
	if len(s.lost) > 0 {
		lost, s.lost = s.lost[0], s.lost[1:]
	}
	if lost {
		return 0
	}
	return math.MaxUint64
}

func newLine(t *testing.T, shape string, seed uint64) *line {
	t.Helper()
	l, err := Parse(shape)
	if err != nil {
		t.Fatal(err)
	}
	return &line{up: NewUplink(l, seed), chance: rand.New(rand.NewPCG(seed, 1))}
}

// arrival is bytes and when they were there.
type arrival struct {
	bytes int
	after time.Duration
}

// play moves a line on until it is empty, at the moments that it asks for or so much later.
func play(l *line, start time.Time, late time.Duration) (data []byte, arrivals []arrival) {
	now := start
	for {
		arrived, next := l.advance(now)
		for _, b := range arrived {
			data = append(data, b...)
			arrivals = append(arrivals, arrival{len(b), now.Sub(start)})
		}
		if next.IsZero() {
			return data, arrivals
		}
		now = next.Add(late)
	}
}

var epoch = time.Unix(1_700_000_000, 0)

func last(a []arrival) time.Duration { return a[len(a)-1].after }

// A byte arrives when the bytes before it, with their headers, have left at the rate, and the delay is over.
func TestLineKeepsRateAndDelay(t *testing.T) {
	const bytes = 100 * segment
	takes := func(rate float64) time.Duration { return transmission(100*framed, rate) - burst(rate) }
	for shape, want := range map[string]time.Duration{
		"rate=20mbit":            takes(20e6), // 60.6 ms
		"delay=5ms":              5 * time.Millisecond,
		"delay=5ms,rate=20mbit":  5*time.Millisecond + takes(20e6),
		"delay=50ms,rate=1gbit":  50*time.Millisecond + takes(1e9),
		"rate=100kbit":           takes(100e3), // 12 s
		"loss=0%,delay=0s":       0,
		"jitter=0s,rate=200mbit": takes(200e6),
	} {
		for _, late := range []time.Duration{0, time.Millisecond, 4 * time.Millisecond} { // timers are, and that must not add up
			l := newLine(t, shape, 1)
			l.put(make([]byte, bytes), epoch)
			_, arrivals := play(l, epoch, late)
			if got := last(arrivals); got < want-time.Microsecond || got > want+late+time.Microsecond {
				t.Errorf("%s, timers late by %s: all is there after %s, want %s", shape, late, got, want)
			}
		}
	}
}

// A rate changes in the course of a run, and not before one.
func TestRateChanges(t *testing.T) {
	const shape, bytes = "rate=20mbit,5mbit@20s,10mbit@40s", 40 * segment
	l := newLine(t, shape, 1)
	takes := func(at time.Duration) time.Duration {
		l.put(make([]byte, bytes), epoch.Add(at))
		_, arrivals := play(l, epoch.Add(at), 0)
		return last(arrivals)
	}
	wants := func(what string, got time.Duration, rate float64) {
		if want := transmission(40*framed, rate) - burst(rate); (got - want).Abs() > time.Microsecond {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	wants("before a run", takes(-time.Hour), 20e6)
	l.up.Begin(epoch)
	wants("at first", takes(time.Second), 20e6)
	wants("later", takes(21*time.Second), 5e6)
	wants("in the end", takes(41*time.Second), 10e6)
	l.up.Begin(epoch.Add(50 * time.Second))
	wants("in another run", takes(51*time.Second), 20e6)

	s := NewUplink(l.up.shape, 1).Schedule() // begins with its first bytes
	arrives := func(at time.Duration) time.Duration {
		s.Put(bytes, epoch.Add(at))
		for now := epoch.Add(at); ; {
			_, next := s.Advance(now)
			if next.IsZero() {
				return now.Sub(epoch) - at
			}
			now = next
		}
	}
	wants("a simulation at first", arrives(0), 20e6)
	wants("a simulation later", arrives(21*time.Second), 5e6)
}

// The first bytes don't wait for the last, and two connections of one uplink take turns.
func TestLinesShareTheUplink(t *testing.T) {
	a := newLine(t, "rate=20mbit", 1)
	b := &line{up: a.up, chance: a.chance}
	a.put(make([]byte, 100*segment), epoch)
	b.put(make([]byte, 20*segment), epoch)
	var got [2]int
	var there [2]time.Duration
	for now := epoch; got[0] < 100*segment || got[1] < 20*segment; now = now.Add(100 * time.Microsecond) {
		for i, l := range []*line{a, b} {
			arrived, _ := l.advance(now)
			for _, data := range arrived {
				got[i] += len(data)
				there[i] = now.Sub(epoch)
			}
		}
	}
	share := 8 * framed * time.Second / 20e6 // for one segment
	if there[0] < 115*share || there[0] > 118*share || there[1] < 35*share || there[1] > 40*share {
		t.Errorf("the long one is there after %s, the short one after %s: want a burst less than %s and %s", there[0], there[1], 120*share, 40*share)
	}
}

// A small message on the wifi preset takes what was measured: 3.6 ms in the mean, and 11.9 ms at p99.9.
func TestWiFiHasItsLatency(t *testing.T) {
	l := newLine(t, "wifi", 1)
	var took []float64
	sum := 0.0
	for i := range 200_000 {
		sent := epoch.Add(time.Duration(i) * 100 * time.Millisecond)
		l.put(make([]byte, 50), sent)
		_, arrivals := play(l, sent, 0)
		ms := float64(last(arrivals)) / 1e6
		took, sum = append(took, ms), sum+ms
	}
	slices.Sort(took)
	mean, p999 := sum/float64(len(took)), took[len(took)*999/1000]
	if math.Abs(mean-3.6) > 0.02 || math.Abs(p999-11.9) > 0.6 {
		t.Errorf("mean %.2f ms, p99.9 %.2f ms", mean, p999)
	}
}

// Whatever the shape, all bytes arrive, once, in order and not before they were sent; and the same seed is the same
// schedule.
func TestLineKeepsBytesInOrder(t *testing.T) {
	for _, shape := range []string{"wifi", "ethernet", "delay=3ms,jitter=20ms,loss=10%,rate=20mbit", "jitter=1s", "loss=50%"} {
		random := rand.New(rand.NewPCG(5, 6))
		var first []arrival
		for again := range 2 {
			l := newLine(t, shape, 9)
			sizes := rand.New(rand.NewPCG(7, 8))
			var sent, got []byte
			var arrivals []arrival
			now, next := epoch, time.Time{}
			for len(sent) < 1<<20 {
				b := make([]byte, 1+sizes.IntN(40_000))
				for i := range b {
					b[i] = byte(random.Uint32())
				}
				sent = append(sent, b...)
				l.put(b, now)
				var arrived [][]byte
				arrived, next = l.advance(now)
				for _, data := range arrived {
					got = append(got, data...)
					arrivals = append(arrivals, arrival{len(data), now.Sub(epoch)})
				}
				if !next.IsZero() && next.Before(now) {
					t.Fatalf("%s: at %s it wants to be asked at %s", shape, now, next)
				}
				now = now.Add(time.Duration(sizes.IntN(10)) * time.Millisecond)
			}
			rest, more := play(l, now, 0)
			if got = append(got, rest...); !bytes.Equal(got, sent) {
				t.Fatalf("%s: the bytes are others", shape)
			}
			for _, a := range more {
				arrivals = append(arrivals, arrival{a.bytes, a.after + now.Sub(epoch)})
			}
			if again == 0 {
				first = arrivals
			} else if !slices.Equal(first, arrivals) {
				t.Errorf("%s: the second schedule with the same seed is another", shape)
			}
		}
	}
}

// Loss is a stall of the connection: a round trip and a quarter where more bytes follow, a timeout where none do.
func TestLossStallsTheLine(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		bytes int
		lost  []bool // segment by segment, and again where one is sent again
		want  time.Duration
	}{
		{100, nil, 10 * ms},
		{100, []bool{true}, 10*ms + 220*ms},                             // one way, and a timeout after the round trip
		{100, []bool{true, true}, 10*ms + 220*ms + 440*ms},              // lost again: twice the timeout
		{3 * segment, []bool{true}, 10*ms + 25*ms},                      // the segments behind it say so
		{3 * segment, []bool{true, true}, 10*ms + 25*ms + 220*ms},       // sent again, and lost again
		{3 * segment, []bool{true, false, true}, 10*ms + 25*ms},         // two of one flight
		{3 * segment, []bool{false, false, true}, 10*ms + 220*ms},       // nothing behind the last
		{3 * segment, []bool{true, false, false, true}, 10*ms + 220*ms}, // the longer of two
	} {
		l := newLine(t, "delay=10ms,loss=1%", 1)
		l.chance = rand.New(&script{test.lost})
		l.put(make([]byte, test.bytes), epoch)
		if _, arrivals := play(l, epoch, 0); last(arrivals) != test.want {
			t.Errorf("%d bytes, lost %v: there after %s, want %s", test.bytes, test.lost, last(arrivals), test.want)
		}
	}
	// A turn that is followed by another has segments behind its last.
	l := newLine(t, "delay=10ms,loss=1%,rate=10mbit", 1)
	l.chance = rand.New(&script{[]bool{true}})
	l.put(make([]byte, 2*segment), epoch)
	_, arrivals := play(l, epoch, 0)
	if slack := arrivals[0].after - 35*ms; slack < 0 || slack > 2*ms || len(arrivals) != 2 || arrivals[1].after < arrivals[0].after {
		t.Errorf("arrivals %v", arrivals)
	}
}

func TestLossHappensAsOftenAsWanted(t *testing.T) {
	l := newLine(t, "loss=2%", 3)
	stalled := 0
	const messages = 100_000
	for i := range messages {
		sent := epoch.Add(time.Duration(i) * time.Hour)
		l.put(make([]byte, 10), sent)
		if _, arrivals := play(l, sent, 0); last(arrivals) > 0 {
			stalled++
		}
	}
	if share := float64(stalled) / messages; math.Abs(share-0.02) > 0.002 {
		t.Errorf("%.2f %% of the messages were stalled, want 2 %%", 100*share)
	}
}

// A line that was not asked for long does not make up for it with a burst.
func TestStandstillIsLost(t *testing.T) {
	l := newLine(t, "rate=20mbit", 1)
	l.put(make([]byte, 1000*segment), epoch) // 606 ms
	l.advance(epoch)
	late := epoch.Add(time.Second)
	sent := 0
	arrived, _ := l.advance(late)
	for _, b := range arrived {
		sent += len(b)
	}
	if most := int(20e6/8*(lag+2*time.Millisecond).Seconds()) + 4*segment; sent > most {
		t.Errorf("%d bytes at once after a standstill, %d are allowed", sent, most)
	}
	if _, arrivals := play(l, late, 0); last(arrivals) < 550*time.Millisecond {
		t.Errorf("the rest is there after %s", last(arrivals))
	}
}
