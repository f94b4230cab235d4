package role

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// losses remembers why frames were lost on this node: the ledger has their number.
type losses struct {
	name string // of this node
	log  zerolog.Logger

	mu     sync.Mutex
	frames int
	first  error
	absent []string // notes of nodes that could not be reached at the start
}

func newLosses(cfg setup, id pipeline.NodeID, run string) *losses {
	log := cfg.Log.With().Str("run", run).Logger()
	return &losses{name: called(id), log: someOf(log)}
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
	l.absent = append(l.absent, "missing at the start: "+err.Error())
}

// notes are for the report; none: nothing was lost or missing.
func (l *losses) notes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		return l.absent
	}
	return append(slices.Clip(l.absent), fmt.Sprintf("%s lost %d frames, the first because %v", l.name, l.frames, l.first))
}
