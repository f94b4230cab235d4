package role

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"tandem/pipeline"
)

// progress shows on a terminal how far a run has come. Elsewhere, and as nil, it shows nothing.
type progress struct {
	strategy string
	mu       sync.Mutex
	bar      *progressbar.ProgressBar
	refused  int
}

func newProgress(cfg Config, run pipeline.Run) *progress {
	if !Terminal(cfg.Stderr) {
		return nil
	}
	frames := int64(run.Frames)
	if frames == 0 {
		frames = -1 // not known
	}
	return &progress{strategy: run.Strategy, bar: progressbar.NewOptions64(frames,
		progressbar.OptionSetWriter(cfg.Stderr),
		progressbar.OptionSetDescription(fmt.Sprintf("%-9s", run.Strategy)),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
	)}
}

// Terminal reports whether a person reads what is written there.
func Terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// answered counts the frames that a node has taken or refused.
func (p *progress) answered(answers []pipeline.Feedback) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range answers {
		if !a.Accepted {
			p.refused++
		}
	}
	if p.refused > 0 {
		p.bar.Describe(fmt.Sprintf("%-9s %d refused by the first node", p.strategy, p.refused))
	}
	_ = p.bar.Add(len(answers)) // a terminal that is gone is no reason to stop
}

func (p *progress) done() {
	if p == nil {
		return
	}
	_ = p.bar.Finish()
}
