package report

import (
	"fmt"
	"slices"
	"sync"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"
)

// Losses remembers why frames were lost on a node: the ledger has their number.
type Losses struct {
	name   string // of this node
	buffer string // its size
	log    zerolog.Logger

	mu     sync.Mutex
	frames int
	first  error
	said   []string // notes of what else was out of the ordinary
}

// NewLosses begins with none. The name is the node's, as notes call it; the buffer's size is in bytes. Of the log some entries
// should be kept: it may have very many.
func NewLosses(log zerolog.Logger, name string, buffer int) *Losses {
	return &Losses{name: name, buffer: humanize.IBytes(uint64(buffer)), log: log}
}

// Count logs lost frames, some of them.
func (l *Losses) Count(frames int, err error) {
	l.log.Warn().Err(err).Int("frames", frames).Msg("frames lost")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames += frames
	if l.first == nil && frames > 0 {
		l.first = err
	}
}

// Missing takes note of a node that could not be reached when the run was opened.
func (l *Losses) Missing(err error) {
	l.log.Warn().Err(err).Msg("a next node is missing: it is used when it is there")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, "missing at the start: "+err.Error())
}

// Full takes note that the buffer has no place for a frame.
func (l *Losses) Full() {
	l.log.Warn().Str("buffer", l.buffer).Msg("the buffer is full: frames wait, and the queue refuses others")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, fmt.Sprintf("%s had its --buffer of %s full: frames waited, and others were refused", l.name, l.buffer))
}

// Notes are for the report; none: nothing was lost or missing.
func (l *Losses) Notes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		return l.said
	}
	return append(slices.Clip(l.said), fmt.Sprintf("%s lost %d frames, the first because %v", l.name, l.frames, l.first))
}
