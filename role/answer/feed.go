package answer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// Sink is where answers go: a file, a broker. A Feed calls Put and Flush, one at a time and beside the frames, so both may be
// slow; they end early where the context does.
type Sink interface {
	// Begin refuses a run whose outputs the sink can't take: the error is pipeline.ErrInvalidRun. It may be called beside Put.
	Begin(pipeline.Run) error
	// Put takes answers in their order, or counts them as lost.
	Put(context.Context, []*Answer)
	// Flush makes all that was put safe, and says how many answers were lost since the last Flush, and why the first.
	Flush(context.Context) (lost int64, err error)
	// Progress grows while the sink gets on; an error is what keeps it from that. It may be called at any time.
	Progress() (int64, error)
	// Close is called last. Where Put or Flush hangs it ends that.
	Close() error
}

// Feed brings the answers of all runs to a sink. A sink that is slow or broken holds up no frame: what finds no place to wait
// is left out and counted, and the end of the run is told.
//
//	Fan ──▶ [ subscription: bounded ] ──▶ own ──▶ sink
//	             full: left out, and counted
type Feed struct {
	Sink
	flag    string // that names the sink, in errors
	log     zerolog.Logger
	answers *Subscription
	flushes chan chan struct{}
	stop    context.CancelFunc // gives up what the sink is doing
	done    chan struct{}      // closed when own has ended

	mu          sync.Mutex
	held        int64 // answers that the sink is busy with
	since, ever missing
	stuck       int64 // the sink's progress when a Flush was late; -1: it was not
	abandoned   bool  // it hangs, and is not waited for
}

// missing is how many answers are lost, and the first reason.
type missing struct {
	lost int64
	err  error
}

func (m *missing) add(lost int64, err error) {
	m.lost += lost
	if m.err == nil {
		m.err = err
	}
}

// take returns what is missing, and forgets it.
func (m *missing) take() (lost int64, err error) {
	lost, err = m.lost, m.err
	*m = missing{}
	return lost, err
}

func (m missing) error(flag string) error {
	switch {
	case m.lost == 0 && m.err == nil:
		return nil
	case m.lost == 0:
		return fmt.Errorf("%s: %w", flag, m.err)
	case m.lost == 1:
		return fmt.Errorf("%s: an answer is missing, because %w", flag, m.err)
	}
	return fmt.Errorf("%s: %d answers are missing, the first because %w", flag, m.lost, m.err)
}

// flushTime is how long a run that is closed waits for a sink, and how long a sink may stand still when the process ends.
const flushTime = 5 * time.Second

// maxFed is how many bytes of answers may wait for a sink: cards stand still for seconds.
const maxFed = 16 << 20

var (
	errFull = fmt.Errorf("more waited than the %d, or %d MiB, that may", maxWaiting, maxFed>>20)
	errLate = errors.New("it has not taken all answers yet")
)

// newFeed begins to feed a sink, which a flag names; brief: without the values of the outputs. What is missing is logged at once,
// so the log should bear it very often.
func newFeed(flag string, from *Fan, brief bool, to Sink, log zerolog.Logger) (*Feed, error) {
	answers, err := from.subscribe(Subscription{brief: brief, most: maxFed}, false)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &Feed{flag: flag, Sink: to, log: log, answers: answers, flushes: make(chan chan struct{}), stop: stop, done: make(chan struct{}), stuck: -1}
	go f.own(ctx) // Close waits for its end
	return f, nil
}

// own takes answers until the subscription is closed.
func (f *Feed) own(ctx context.Context) {
	defer close(f.done)
	for {
		select {
		case _, open := <-f.answers.Ready():
			f.take(ctx)
			if !open {
				f.flush(ctx)
				return
			}
		case flushed := <-f.flushes:
			f.take(ctx) // what was published before is here
			f.flush(ctx)
			close(flushed)
		}
	}
}

// take puts what waits into the sink.
func (f *Feed) take(ctx context.Context) {
	events, missed := f.answers.Take()
	if missed > 0 {
		f.count(missed, errFull)
	}
	var answers []*Answer
	for _, e := range events {
		if e.Answer != nil {
			answers = append(answers, e.Answer)
		}
	}
	f.hold(len(answers))
	f.Put(ctx, answers)
	f.hold(0)
}

// hold takes note of how many answers the sink is busy with.
func (f *Feed) hold(answers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = int64(answers)
}

func (f *Feed) flush(ctx context.Context) { f.count(f.Sink.Flush(ctx)) }

func (f *Feed) count(lost int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.abandoned {
		f.add(lost, err)
	}
}

// add is count. Call it with f.mu held.
func (f *Feed) add(lost int64, err error) {
	f.since.add(lost, err)
	f.ever.add(lost, err)
	if lost > 0 || err != nil {
		f.log.Warn().Err(err).Int64("missing", lost).Int64("in_all", f.ever.lost).Msg("answers are missing: " + f.flag)
	}
}

// Flush makes safe what has been published so far, and says what is missing since the last Flush, or late.
func (f *Feed) Flush() error {
	patience := time.NewTimer(f.patience())
	defer patience.Stop()
	flushed := make(chan struct{})
	late := false
	select {
	case f.flushes <- flushed:
		select {
		case <-flushed:
		case <-patience.C:
			late = true
		}
	case <-f.done:
	case <-patience.C:
		late = true
	}
	progress, hindered := f.Progress()
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.since.error(f.flag)
	f.since, f.stuck = missing{}, -1
	if !late {
		return err
	}
	f.stuck = progress
	why := errLate
	if hindered != nil {
		why = fmt.Errorf("%w: %w", errLate, hindered)
	}
	if err == nil {
		return fmt.Errorf("%s: %w", f.flag, why)
	}
	return fmt.Errorf("%w; and %w", err, why)
}

// patience is short where a sink has not got on since a Flush was late.
func (f *Feed) patience() time.Duration {
	progress, hindered := f.Progress()
	f.mu.Lock()
	defer f.mu.Unlock()
	if hindered != nil && progress == f.stuck {
		return flushTime / 10
	}
	return flushTime
}

// Close lets the sink go on with what waits for as long as it gets on, closes it, and returns all that is missing.
func (f *Feed) Close() error {
	f.answers.Close()
	f.await()
	f.stop()
	select {
	case <-f.done:
	case <-time.After(time.Second): // a disk that hangs heeds no context
		f.abandon()
	}
	err := f.Sink.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.ever.error(f.flag), err)
}

// abandon counts what a sink that hangs has not taken. What it says of that later counts no more.
func (f *Feed) abandon() {
	events, missed := f.answers.Take()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(missed+f.held+int64(len(events)), errLate)
	f.abandoned = true
}

// await returns when all is taken, or the sink has stood still for too long.
func (f *Feed) await() {
	for before := int64(-1); ; {
		now, _ := f.Progress()
		if now == before {
			return
		}
		before = now
		select {
		case <-f.done:
			return
		case <-time.After(flushTime):
		}
	}
}
