package monitor

import (
	"bytes"
	"strings"
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
	for _, r := range []Snapshot{
		{Node: busy.NodeID, Run: &OpenRun{}, Nodes: []pipeline.Status{statusOf("client", ""), busy}},
		{Node: pipeline.NodeID{Role: "end"}, Run: &OpenRun{}, Live: l},
		{Node: pipeline.NodeID{Role: "slow"}},
	} {
		line := watchLine(time.Now(), r)
		if n := utf8.RuneCountInString(line) - 1; n > 80 || !strings.HasSuffix(line, "\n") {
			t.Errorf("%d columns: %q", n, line)
		}
		t.Log(line)
	}
	for _, shown := range []*pipeline.Live{nil, l, {StalenessS: 12}} {
		text := progressText(pipeline.Run{Strategy: "replicate", Frames: 99_999_999}, 99_999_999, shown)
		if n := len(text); n > 80 {
			t.Errorf("%d columns: %q", n, text)
		}
	}
	if text := progressText(pipeline.Run{Strategy: "balance"}, 3, &pipeline.Live{State: pipeline.Finishing, StalenessS: 12}); !strings.Contains(text, "12 s ago") || strings.Contains(text, "finishing") {
		t.Errorf("old figures are shown as %q", text)
	}
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
