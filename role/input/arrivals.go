package input

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/pipeline"
)

// Arrivals say when frames come. The zero value is the beat.
type Arrivals struct {
	Name  string // as it is shown; empty: the beat
	Burst int    // frames that come at once; 0: none do
	gaps  []time.Duration
}

var errArrivals = errors.New("use beat, poisson, burst=8 for eight frames at once, or a file with the time of each frame in seconds, one on each line and none before the one above it")

// ParseArrivals reads how frames come. A file is read at once.
func ParseArrivals(s string) (Arrivals, error) {
	frames, burst := strings.CutPrefix(s, "burst=")
	switch n, err := strconv.Atoi(frames); {
	case s == "beat":
		return Arrivals{}, nil
	case s == "poisson":
		return Arrivals{Name: s}, nil
	case burst && err == nil && n >= 1 && n <= 1<<20:
		return Arrivals{Name: s, Burst: n}, nil
	case burst:
		return Arrivals{}, fmt.Errorf("%q is no number from 1 to %d: %w", frames, 1<<20, errArrivals)
	}
	text, err := os.ReadFile(s)
	if err != nil {
		return Arrivals{}, fmt.Errorf("%w: %w", err, errArrivals)
	}
	a := Arrivals{Name: s}
	last := -1.0
	for i, line := range strings.Fields(string(text)) {
		at, err := strconv.ParseFloat(line, 64)
		if err != nil || !(at >= max(0, last)) || at > 1e9 {
			return Arrivals{}, fmt.Errorf("line %d, %q, is no such time: %w", i+1, line, errArrivals)
		}
		if i > 0 {
			a.gaps = append(a.gaps, time.Duration((at-last)*float64(time.Second)))
		}
		last = at
	}
	if len(a.gaps) == 0 {
		return Arrivals{}, fmt.Errorf("it has fewer than two times: %w", errArrivals)
	}
	return a, nil
}

// Gaps are the times between frames, which come in the mean every so often, where no file says when. Chances are those of the
// seed.
func (a Arrivals) Gaps(every time.Duration, seed uint64) iter.Seq[time.Duration] {
	switch {
	case a.gaps != nil:
		return slices.Values(a.gaps)
	case a.Burst > 0:
		return pipeline.Bursts(every, a.Burst)
	case a.Name != "":
		return pipeline.Poisson(every, seed)
	}
	return pipeline.Beat(every)
}

// Mean is the mean time between frames that a file gives; 0: none does.
func (a Arrivals) Mean() time.Duration {
	if len(a.gaps) == 0 {
		return 0
	}
	all := time.Duration(0)
	for _, gap := range a.gaps {
		all += gap
	}
	return all / time.Duration(len(a.gaps))
}

// Schedule says when the next frame is due. Stop it.
type Schedule struct {
	At    time.Time
	Stop  func()
	every time.Duration
	gap   func() (time.Duration, bool)
}

// Start begins a schedule, whose first frame is due at once.
func (a Arrivals) Start(every time.Duration, seed uint64, now time.Time) *Schedule {
	gap, stop := iter.Pull(a.Gaps(every, seed))
	return &Schedule{now, stop, every, gap}
}

// Next goes on to the frame after the one that was due; false: there is none. A schedule that is late catches up, unless the
// input or the machine has paused.
func (s *Schedule) Next(now time.Time) bool {
	const pause = 100 * time.Millisecond
	gap, more := s.gap()
	if late := now.Sub(s.At); late > max(pause, s.every) {
		s.At = now
	}
	s.At = s.At.Add(gap)
	return more
}
