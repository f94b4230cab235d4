//go:build slow

package chaos

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// pace is how this machine has been while a test looked at the clock. How long something may take, and whether a neighbour was
// heard in time, is asked only where the machine was calm: on one that is busy, or that stands still because others have its
// processors, it says nothing of the program.
type pace struct {
	began  time.Time
	before [2]float64
}

// still is how long a calm machine may stand still: a small part of all that is asked.
const still = 300 * time.Millisecond

// stalled is when the machine last stood still for longer, and beaten when it last did not: both in Unix nanoseconds.
var stalled, beaten atomic.Int64

// beat looks for moments at which the machine stands still, until the process ends.
func beat() {
	for was := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		now := time.Now()
		if now.Sub(was) > still {
			stalled.Store(now.UnixNano())
		}
		beaten.Store(now.UnixNano())
		was = now
	}
}

// watch looks at the machine from now on.
func watch(t *testing.T) pace {
	t.Helper()
	return pace{time.Now(), processors(t)}
}

// idle is the share of the time in which processors had nothing to do.
func (p pace) idle(t *testing.T) float64 {
	t.Helper()
	now := processors(t)
	return (now[0] - p.before[0]) / max(1, now[1]-p.before[1])
}

// steady reports whether the machine has not stood still until now, however busy it was.
func (p pace) steady() bool {
	return time.Since(time.Unix(0, beaten.Load())) < still && stalled.Load() < p.began.UnixNano()
}

// calm reports whether the machine was so until now.
func (p pace) calm(t *testing.T) bool {
	t.Helper()
	return p.steady() && p.idle(t) > 0.5
}

// processors is for how long the machine's processors have been idle, and all there was of their time, in ticks.
func processors(t *testing.T) (at [2]float64) {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line)[1:] {
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		if i == 3 { // proc(5): user, nice, system, idle
			at[0] = ticks
		}
		at[1] += ticks
	}
	return at
}
