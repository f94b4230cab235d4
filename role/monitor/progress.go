package monitor

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"

	"tandem/pipeline"
	"tandem/role/report"
)

// Progress is one line on a terminal: how far a run has come, and what end says of it. As nil it shows nothing.
type Progress struct {
	bar      *progressbar.ProgressBar
	answered atomic.Int64 // frames
	stop     func()
}

// StartProgress begins to show a run on a terminal; Done ends it.
func StartProgress(to io.Writer, run pipeline.Run, live func() *pipeline.Live) *Progress {
	frames := int64(run.Frames)
	if frames == 0 { // nobody knows how many come: a spinner turns
		frames = -1
	}
	p := &Progress{bar: progressbar.NewOptions64(frames,
		progressbar.OptionSetWriter(to), progressbar.OptionSetWidth(8), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false), progressbar.OptionSpinnerType(14), progressbar.OptionSetSpinnerChangeInterval(0), // it turns below
	)}
	p.stop = onBeat(progressEvery, func(time.Time) {
		_ = p.bar.Set64(p.answered.Load())
		p.bar.Describe(progressText(run.Strategy, live())) // which shows the line, of a run that is drained too
	})
	return p
}

const progressEvery = 500 * time.Millisecond

// silent is the age from which on figures are no longer those of now.
const silent = 3 * time.Second

// progressText stands before the bar: what end says of a run, if it has said anything.
func progressText(strategy string, l *pipeline.Live) string {
	if l == nil {
		return strategy
	}
	if len(l.Down) > 0 {
		return fmt.Sprintf("%5.1f %%  %-32s", l.Coverage, downText(l.Down, 32))
	}
	state := string(l.State)
	if l.StalenessS > silent.Seconds() {
		state = fmt.Sprintf("%.0f s ago", l.StalenessS)
	}
	return fmt.Sprintf("%-9s  %5.1f %%  %5.1f f/s  %-10s", strategy, l.Coverage, l.Rate, state)
}

// downText names the nodes that do not answer, as in "slow (192.168.178.40:12345) down", in so many columns: of several the
// first, and how many there are, and of an address that is too long its beginning and end.
func downText(nodes []pipeline.NodeID, columns int) string {
	id, rest := nodes[0], " down"
	if len(nodes) > 1 {
		rest = fmt.Sprintf(" +%d down", len(nodes)-1)
	}
	id.Address = report.Short(id.Address, columns-utf8.RuneCountInString(id.Role+" ()"+rest))
	return id.String() + rest
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
		_ = p.bar.Clear() // a terminal that is gone is no reason to stop
	}
}
