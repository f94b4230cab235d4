package role

import (
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// losses remembers why frames were lost on this node: the ledger has their number.
type losses struct {
	role Role
	log  zerolog.Logger

	mu     sync.Mutex
	frames int
	first  error
}

func newLosses(cfg Config, run string) *losses {
	log := cfg.Log.With().Str("run", run).Logger()
	return &losses{role: cfg.Role, log: log.Sample(&zerolog.BurstSampler{Burst: 3, Period: 10 * time.Second})}
}

// count logs lost frames, some of them.
func (l *losses) count(frames int, err error) {
	l.log.Warn().Err(err).Int("frames", frames).Msg("frames lost")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames += frames
	if l.first == nil {
		l.first = err
	}
}

// note is for the report; empty: nothing was lost.
func (l *losses) note() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		return ""
	}
	return fmt.Sprintf("%s lost %d frames, the first because %v", l.role, l.frames, l.first)
}
