package monitor

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"tandem/pipeline"
)

// Progress is one line on a terminal: how far a run has come, and what end says of it. As nil it shows nothing.
type Progress struct {
	to       io.Writer
	answered atomic.Int64 // frames
	stop     func()
}

// StartProgress begins to show a run on a terminal; Done ends it.
func StartProgress(to io.Writer, run pipeline.Run, live func() *pipeline.Live) *Progress {
	p := &Progress{to: to}
	p.stop = onBeat(progressEvery, func(time.Time) {
		fmt.Fprint(to, newLine, progressText(run, p.answered.Load(), live())) // a terminal that is gone is no reason to stop
	})
	return p
}

// A carriage return begins the line again; the code behind it clears what stood there.
const newLine = "\r\x1b[K"

const progressEvery = 500 * time.Millisecond

// silent is the age from which on figures are no longer those of now.
const silent = 3 * time.Second

// progressText has 80 columns at most.
func progressText(run pipeline.Run, answered int64, l *pipeline.Live) string {
	text := fmt.Sprintf("%-9s %d", run.Strategy, answered)
	if run.Frames > 0 {
		text += fmt.Sprintf("/%d", run.Frames)
	}
	text += " frames"
	if l == nil {
		return text
	}
	state := string(l.State)
	if l.StalenessS > silent.Seconds() {
		state = fmt.Sprintf("%.0f s ago", l.StalenessS)
	}
	return text + fmt.Sprintf("  %5.1f %%  %6.1f f/s  %s", l.Coverage, l.Rate, state)
}

// Add counts frames that a node has taken or refused.
func (p *Progress) Add(frames int) {
	if p != nil {
		p.answered.Add(int64(frames))
	}
}

// Done takes the line away.
func (p *Progress) Done() {
	if p != nil {
		p.stop()
		fmt.Fprint(p.to, newLine)
	}
}
