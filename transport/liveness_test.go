package transport

import (
	"strings"
	"testing"
	"time"
)

// A trace is one step after another: what happens to whom at which millisecond, and whether the neighbour is up afterwards.
// Calls are a to z, and each has the connection of its name.
func TestLivenessTraces(t *testing.T) {
	for name, trace := range map[string]string{
		"nothing is asked":                     "0 up, 10000 up",
		"an answer in time":                    "0 begin a, 300 up, 301 down, 310 received a, 310 end a, 310 up",
		"an old connection says nothing":       "0 taken a, 0 received a, 5000 begin a, 5300 up, 5301 down",
		"bytes that move":                      "0 begin a, 200 moving a, 450 moving a, 700 moving a, 1000 up, 1001 down",
		"bytes that are taken, and no answer":  "0 begin a, 200 moving a, 250 taken a, 550 up, 551 down",
		"a slow line":                          "0 begin a, 250 moving a, 500 moving a, 750 taken a, 1000 up, 1040 received a, 1040 end a, 9000 up",
		"a beat waits behind frames":           "0 begin a, 0 begin b, 0 waiting b, 250 moving a, 500 moving a, 790 moving a, 1090 up, 1091 down",
		"a beat without a connection":          "0 begin a, 0 wants b, 250 moving a, 500 moving a, 800 up, 801 down",
		"an answer late, others come":          "0 begin a, 0 taken a, 0 begin b, 290 received b, 290 end b, 590 up, 591 down",
		"stopped, and its machine takes bytes": "0 begin a, 10 taken a, 20 begin b, 100 moving b, 300 moving b, 310 up, 311 down, 600 moving b, 600 down",
		"stopped, with all bytes on their way": "0 begin a, 250 moving a, 500 moving a, 501 waiting a, 800 up, 801 down, 5000 waiting a, 5000 down",
		"cut off":                              "0 begin a, 0 waiting a, 100 begin b, 100 waiting b, 300 up, 301 down, 302 end a, 302 up, 401 down",
		"a long way":                           "0 far a, 0 begin a, 0 waiting a, 700 up, 701 down",
		"closed connections are forgotten":     "0 begin a, 0 begin b, 0 waiting b, 290 moving a, 290 end a, 290 close a, 300 up, 301 down",
	} {
		t.Run(name, func(t *testing.T) {
			l, start := newLiveness(), time.Unix(0, 0)
			calls, ways := map[string]*call{}, map[string]*way{}
			for step := range strings.SplitSeq(trace, ", ") {
				words := strings.Fields(step)
				ms, err := time.ParseDuration(words[0] + "ms")
				if err != nil {
					t.Fatal(err)
				}
				now, who := start.Add(ms), words[len(words)-1]
				w := ways[who]
				if w == nil {
					w = &way{}
					ways[who] = w
				}
				s := l.ways[w]
				switch words[1] {
				case "begin":
					calls[who] = l.begin(now)
					calls[who].over = w
				case "wants":
					calls[who] = l.begin(now)
				case "end":
					l.end(calls[who])
				case "close":
					l.forget(w)
				case "moving":
					l.see(w, sight{now, s.received, true, s.patience})
				case "waiting":
					l.see(w, sight{s.moved, s.received, true, s.patience})
				case "far":
					l.see(w, sight{s.moved, s.received, s.pending, 700 * time.Millisecond})
				case "taken":
					l.see(w, sight{now, s.received, false, s.patience})
				case "received":
					l.see(w, sight{s.moved, now, false, s.patience})
				case "up", "down":
					if got := l.up(now); got != (words[1] == "up") {
						t.Errorf("at %s: up is %v", words[0], got)
					}
				default:
					t.Fatal(step)
				}
			}
		})
	}
}

// A call is given up where nothing moves on it, whatever is answered on others.
func TestLivenessOfOneCall(t *testing.T) {
	l, start := newLiveness(), time.Unix(0, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	c, own, other := l.begin(at(0)), &way{}, &way{}
	c.over = own
	l.see(own, sight{at(10), time.Time{}, false, 0})
	l.see(other, sight{at(500), at(500), false, 0})
	if got := l.since(c); got != at(10) {
		t.Errorf("all its bytes are taken: since %v", got.Sub(start))
	}
	l.see(own, sight{at(10), time.Time{}, true, 0})
	if got := l.since(c); got != at(500) {
		t.Errorf("it waits behind others: since %v", got.Sub(start))
	}
	if !l.up(at(800)) || l.up(at(801)) {
		t.Error("what the neighbour says on one connection is no sign of life for all")
	}
}
