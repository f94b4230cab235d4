package role

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// losses remembers why frames were lost on this node: the ledger has their number.
type losses struct {
	name   string // of this node
	buffer string // its size
	log    zerolog.Logger

	mu     sync.Mutex
	frames int
	first  error
	said   []string // notes of what else was out of the ordinary
}

func newLosses(cfg setup, id pipeline.NodeID, run string) *losses {
	log := cfg.Log.With().Str("run", run).Logger()
	return &losses{name: called(id), buffer: humanize.IBytes(uint64(cfg.buffer())), log: someOf(log)}
}

// someOf is a log for what may happen very often: it is on a card.
func someOf(log zerolog.Logger) zerolog.Logger {
	return log.Sample(&zerolog.BurstSampler{Burst: 3, Period: 10 * time.Second})
}

// count logs lost frames, some of them.
func (l *losses) count(frames int, err error) {
	l.log.Warn().Err(err).Int("frames", frames).Msg("frames lost")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames += frames
	if l.first == nil && frames > 0 {
		l.first = err
	}
}

// missing takes note of a node that could not be reached when the run was opened.
func (l *losses) missing(err error) {
	l.log.Warn().Err(err).Msg("a next node is missing: it is used when it is there")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, "missing at the start: "+err.Error())
}

// full takes note that the buffer has no place for a frame.
func (l *losses) full() {
	l.log.Warn().Str("buffer", l.buffer).Msg("the buffer is full: frames wait, and the queue refuses others")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, fmt.Sprintf("%s had its --buffer of %s full: frames waited, and others were refused", l.name, l.buffer))
}

// notes are for the report; none: nothing was lost or missing.
func (l *losses) notes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		return l.said
	}
	return append(slices.Clip(l.said), fmt.Sprintf("%s lost %d frames, the first because %v", l.name, l.frames, l.first))
}
