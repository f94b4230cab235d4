package pipeline

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Recorder is the end of a run: it counts each frame once and derives the report when the run is closed.
type Recorder struct {
	run   Run
	start time.Time

	mu          sync.Mutex
	seen        window
	gone        window // those that are said to have ended without a result
	delivered   int64
	duplicates  int64
	labelled    int64
	right       int64
	first, last time.Time
	ages        *hdrhistogram.Histogram // microseconds
	recent      recent
	recuts      []Recutted
}

// Ages are kept in a histogram of constant size: 3 digits, and at most a day.
const maxAge = 24 * time.Hour

// NewRecorder starts to record a run.
func NewRecorder(run Run, now time.Time) *Recorder {
	return &Recorder{
		run:   run,
		start: now,
		ages:  hdrhistogram.New(1, maxAge.Microseconds(), 3),
	}
}

// Check reports a frame whose id can't belong to the run. The error is ErrInvalidFrame.
func (r *Recorder) Check(f *Frame) error {
	if r.run.Frames > 0 && f.ID >= r.run.Frames {
		return fmt.Errorf("%w %d: the run has frames 0 to %d", ErrInvalidFrame, f.ID, r.run.Frames-1)
	}
	return nil
}

// Add records the arrival of a result and reports whether it is the frame's first.
func (r *Recorder) Add(f *Frame) (first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen.add(f.ID) {
		r.duplicates++
		return false
	}
	r.delivered++
	if r.delivered == 1 {
		r.first = f.Since
	}
	r.last = f.Since
	age := min(max(f.Age, 0), maxAge)
	r.recent.add(f.Since, age)
	_ = r.ages.RecordValue(age.Microseconds()) // in range by the line above
	if f.Label != NoLabel {
		r.labelled++
		if class, _ := f.Top(); class == f.Label {
			r.right++
		}
	}
	return true
}

// maxRecuts is how many a report names: the first ones.
const maxRecuts = 256

// Recut takes note that the run is cut anew, once.
func (r *Recorder) Recut(now time.Time, to Recut) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to.Epoch <= r.run.Epoch {
		return
	}
	if same := slices.Equal(to.Cuts, r.run.Cuts); !same && len(r.recuts) < maxRecuts {
		r.recuts = append(r.recuts, Recutted{Brief(now.Sub(r.start).Seconds()), r.run.Cuts, to.Cuts, to.Why})
	}
	r.run = r.run.Recut(to)
}

// Gone returns which of the frames are said for the first time to have ended without a result, and have not arrived.
func (r *Recorder) Gone(l Loss) Loss {
	r.mu.Lock()
	defer r.mu.Unlock()
	var news IDs
	for _, ids := range l.Frames {
		for id := ids[0]; ; id++ {
			if !r.seen.ids.Contains(id) && r.gone.add(id) {
				news = news.with(id)
			}
			if id == ids[1] {
				break
			}
		}
	}
	l.Frames = news
	return l
}

// Close derives the report. The nodes are the ledgers of the others, in the order of the pipeline; end's own is last, and
// its frames are filled in here.
func (r *Recorder) Close(now time.Time, end Entry, nodes []Entry) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	end.Received, end.Finished, end.ElapsedS = r.delivered, r.delivered, now.Sub(r.start).Seconds()
	quantile := func(q float64) float64 { return float64(r.ages.ValueAtQuantile(q)) / 1000 }
	rep := Report{
		Run:        r.run.ID,
		Strategy:   r.run.Strategy,
		Tasks:      r.run.Tasks,
		IntervalMS: milliseconds(r.run.Interval),
		Delivered:  r.delivered,
		Rate:       rate(r.delivered, r.first, r.last),
		Duplicates: r.duplicates,
		Latency:    Latency{P50: quantile(50), P95: quantile(95), P99: quantile(99), Max: float64(r.ages.Max()) / 1000},
		ElapsedS:   now.Sub(r.start).Seconds(),
		Model:      r.run.Model,
		Load:       string(r.run.Load),
		Wire:       r.run.Wire,
		Nodes:      append(nodes[:len(nodes):len(nodes)], end),
		Recuts:     r.recuts,
	}
	if len(r.run.Cuts) > 0 {
		rep.Cut = r.run.Cuts[0]
	}
	if len(r.run.Cuts) > 1 {
		rep.Cuts = r.run.Cuts
	}
	if r.labelled > 0 {
		accuracy := 100 * float64(r.right) / float64(r.labelled)
		rep.Accuracy = &accuracy
	}
	rep.account(r.run, &r.seen)
	return rep
}
