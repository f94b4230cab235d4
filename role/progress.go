package role

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"tandem/pipeline"
)

// progress shows on a terminal how far a run has come, and what end says of it. Elsewhere, and as nil, it shows nothing.
type progress struct {
	strategy string
	live     func() *pipeline.Live
	bar      *progressbar.ProgressBar

	finished chan struct{}
	telling  sync.WaitGroup
}

func newProgress(cfg Config, run pipeline.Run, live func() *pipeline.Live) *progress {
	if !Terminal(cfg.Stderr) {
		return nil
	}
	frames := int64(run.Frames)
	if frames == 0 {
		frames = -1 // not known
	}
	p := &progress{strategy: run.Strategy, live: live, finished: make(chan struct{})}
	p.bar = progressbar.NewOptions64(frames,
		progressbar.OptionSetWriter(cfg.Stderr),
		progressbar.OptionSetDescription(progressText(p.strategy, nil)),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(10),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
	)
	p.telling.Go(p.tell)
	return p
}

// Terminal reports whether a person reads what is written there.
func Terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// tell keeps the text before the bar up to date.
func (p *progress) tell() {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.bar.Describe(progressText(p.strategy, p.live()))
		case <-p.finished:
			return
		}
	}
}

// silent is the age from which on figures are no longer those of now.
const silent = 3 * time.Second

// progressText leaves half of 80 columns to the bar and the count.
func progressText(strategy string, l *pipeline.Live) string {
	if l == nil {
		return fmt.Sprintf("%-9s", strategy)
	}
	state := string(l.State)
	if l.HeardS > silent.Seconds() {
		state = fmt.Sprintf("%.0f s ago", l.HeardS)
	}
	return fmt.Sprintf("%-9s %5.1f %% %6.1f f/s %-10s", strategy, l.Coverage, l.Rate, state)
}

// answered counts the frames that a node has taken or refused.
func (p *progress) answered(frames int) {
	if p != nil {
		_ = p.bar.Add(frames) // a terminal that is gone is no reason to stop
	}
}

func (p *progress) done() {
	if p == nil {
		return
	}
	close(p.finished)
	p.telling.Wait()
	_ = p.bar.Finish()
}
