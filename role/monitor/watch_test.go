package monitor

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"tandem/pipeline"
)

// At the largest figures that are usual, what a terminal shows fits into 80 columns.
func TestTerminalLinesFit(t *testing.T) {
	busy := statusOf("fast", "f")
	busy.State, busy.Queue, busy.Capacity, busy.ServiceMS, busy.RateIn, busy.RateOut, busy.Refused = pipeline.Forwarding, 10, 100, 1234.5, 999.9, 999.9, 9999
	l := &pipeline.Live{Sent: 999_999, Coverage: 100, Rate: 999.9, AgeP50MS: 1234, AgeP95MS: 9999, State: pipeline.Forwarding}
	gone := &pipeline.Live{Sent: 999_999, Coverage: 100, Rate: 999.9, Down: downNodes[:1]}
	for _, r := range []Snapshot{
		{Node: busy.NodeID, Run: &OpenRun{}, Nodes: []pipeline.Status{statusOf("client", ""), busy}},
		{Node: pipeline.NodeID{Role: "end"}, Run: &OpenRun{}, Live: l},
		{Node: pipeline.NodeID{Role: "slow"}},
		{Node: busy.NodeID, Run: &OpenRun{}, Nodes: []pipeline.Status{statusOf("client", ""), busy}, Live: gone},
		{Node: pipeline.NodeID{Role: "end"}, Run: &OpenRun{}, Live: gone},
	} {
		line := watchLine(time.Now(), r)
		if n := utf8.RuneCountInString(line) - 1; n > 80 || !strings.HasSuffix(line, "\n") {
			t.Errorf("%d columns: %q", n, line)
		}
		if r.Live == gone && !strings.Contains(line, "slow (192.168.178.40:12345) down") {
			t.Errorf("no node that is down: %q", line)
		}
		t.Log(line)
	}
}

var downNodes = []pipeline.NodeID{{Role: "slow", Address: "192.168.178.40:12345"}, {Role: "end", Address: "end:12345"}}

// A node that does not answer is named by role and address; one that has no room is shortened in the middle.
func TestNodesThatAreDownAreNamed(t *testing.T) {
	far := pipeline.NodeID{Role: "fast", Address: "fast.a-very-long-name.kitchen.example.net:12345"}
	for _, test := range []struct {
		nodes []pipeline.NodeID
		want  string
	}{
		{downNodes[:1], "slow (192.168.178.40:12345) down"},
		{downNodes, "slow (192.168.…40:12345) +1 down"},
		{[]pipeline.NodeID{{Role: "slow", Address: "a:1"}, downNodes[1], far}, "slow (a:1) +2 down"},
		{[]pipeline.NodeID{far}, "fast (fast.a-ve….net:12345) down"},
	} {
		if got := downText(test.nodes, 32); got != test.want || utf8.RuneCountInString(got) > 32 {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// The bar shows how far a run has come and what end says of it, as long as it is being drained too, in 80 columns at the
// largest figures that are usual. It is gone in the end.
func TestProgress(t *testing.T) {
	for _, frames := range []uint64{100, 99_999_999, 0} {
		synctest.Test(t, func(t *testing.T) {
			var out screen
			var live atomic.Pointer[pipeline.Live]
			live.Store(&pipeline.Live{Coverage: 100, Rate: 999.9, State: pipeline.Forwarding})
			p := StartProgress(&out, pipeline.Run{Strategy: "replicate", Frames: frames}, live.Load)
			shows := func(texts ...string) {
				t.Helper()
				time.Sleep(progressEvery)
				synctest.Wait()
				lines := strings.Split(out.String(), "\r")
				for _, line := range lines {
					if n := utf8.RuneCountInString(line); n > 80 {
						t.Errorf("%d columns: %q", n, line)
					}
				}
				last := lines[len(lines)-1]
				for _, text := range texts {
					if !strings.Contains(last, text) {
						t.Errorf("%q is missing: %q", text, last)
					}
				}
			}
			count, all := func(n int) string { return fmt.Sprintf("(%d/-)", n) }, 99
			if frames > 0 {
				count, all = func(n int) string { return fmt.Sprintf("(%d/%d)", n, frames) }, int(frames)
			}
			shows("replicate", count(0), "100.0 %", "999.9 f/s", "forwarding")
			p.Add(42)
			shows(count(42))
			p.Add(all - 42)
			live.Store(nil)
			shows("replicate", count(all))
			live.Store(&pipeline.Live{State: pipeline.Finishing, StalenessS: 12})
			shows(count(all), "12 s ago")
			if strings.Contains(out.String(), "finishing") {
				t.Errorf("old figures are shown as new: %q", out.String())
			}
			live.Store(&pipeline.Live{Coverage: 100, Rate: 999.9, State: pipeline.HopDown, Down: downNodes[:1]})
			shows(count(all), "100.0 %", "slow (192.168.178.40:12345) down")
			live.Store(&pipeline.Live{StalenessS: 12, Down: downNodes}) // what is down now counts, however old the rest is
			shows(count(all), "slow (", ":12345) +1 down")
			p.Done()
			if lines := strings.Split(out.String(), "\r"); strings.TrimSpace(lines[len(lines)-1]+lines[len(lines)-2]) != "" {
				t.Errorf("it ends with %q", lines[len(lines)-2:])
			}
		})
	}
	var none *Progress
	none.Add(1)
	none.Done()
}

// screen is a terminal that is looked at while it is written to.
type screen struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// There is a line a second while a run is open, and one when there is none.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Bool
		look := func() Snapshot {
			r := running()
			if !open.Load() {
				r.Run = nil
			}
			return r
		}
		var out bytes.Buffer
		stop := Watch(&out, look)
		time.Sleep(10500 * time.Millisecond)
		open.Store(true)
		time.Sleep(5 * time.Second)
		open.Store(false)
		time.Sleep(10 * time.Second)
		stop()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 7 || !strings.Contains(lines[0], "no run") || !strings.Contains(lines[3], "coverage  90.0 %") || !strings.Contains(lines[6], "no run") {
			t.Errorf("%d lines:\n%s", len(lines), out.String())
		}
	})
}
