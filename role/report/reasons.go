package report

import (
	"fmt"
	"slices"
	"sync"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"
)

// Reasons remembers why frames were lost on a node: the ledger has their number.
type Reasons struct {
	name   string // of this node
	buffer string // its size
	log    zerolog.Logger

	mu     sync.Mutex
	frames int
	first  error
	said   []string // notes of what else was out of the ordinary
}

// NewReasons begins with none. The name is the node's, as notes call it; the buffer's size is in bytes. Of the log some entries
// should be kept: it may have very many.
func NewReasons(log zerolog.Logger, name string, buffer int) *Reasons {
	return &Reasons{name: name, buffer: humanize.IBytes(uint64(buffer)), log: log}
}

// Count logs lost frames, some of them.
func (r *Reasons) Count(frames int, err error) {
	r.log.Warn().Err(err).Int("frames", frames).Msg("frames lost")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames += frames
	if r.first == nil && frames > 0 {
		r.first = err
	}
}

// Missing takes note of a node that could not be reached when the run was opened.
func (r *Reasons) Missing(err error) {
	r.log.Warn().Err(err).Msg("a next node is missing: it is used when it is there")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, "missing at the start: "+err.Error())
}

// Full takes note that the buffer has no place for a frame.
func (r *Reasons) Full() {
	r.log.Warn().Str("buffer", r.buffer).Msg("the buffer is full: frames wait, and the queue refuses others")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf("%s had its --buffer of %s full: frames waited, and others were refused", r.name, r.buffer))
}

// Notes are for the report; none: nothing was lost or missing.
func (r *Reasons) Notes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first == nil {
		return r.said
	}
	return append(slices.Clip(r.said), fmt.Sprintf("%s lost %s, the first because %v", r.name, counted(r.frames, "frame"), r.first))
}
