package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tandem/transport"
)

// Feed is all that a client sends: the frames of --input, or those of each --source in turn. The turn passes over a source
// that has nothing at the moment, so shares are fair and a dead camera stops no other.
type Feed struct {
	streams []*stream
	turn    int
	fitted  bool
	left    uint64 // frames
	endless bool
	labels  string // their path
	passed  passed
	wake    chan struct{} // holds one when a stream has something
	decodes time.Duration // EWMA of what a camera's picture takes
}

// Item is what becomes a frame.
type Item struct {
	Data   []float32
	Label  int
	Source string    // its name; empty: it has none
	since  time.Time // when a camera's last byte arrived; zero: it has no time
}

// Begins is when its age begins: when all of a camera's picture had arrived, and for all else now.
func (i Item) Begins(now time.Time) time.Time {
	if i.since.IsZero() {
		return now
	}
	return i.since
}

// OpenFeed opens what --input, --source and --labels name, so that a wrong name is found before anything else happens.
func OpenFeed(o Options) (*Feed, error) {
	f := &Feed{labels: o.Labels, passed: newPassed(o), wake: make(chan struct{}, 1)}
	o.passed, o.wake = f.passed, f.awake
	add := func(name string, o Options) error {
		in, err := Open(o)
		if err != nil {
			return err
		}
		s := &stream{name: name, in: in}
		f.streams = append(f.streams, s)
		s.labels, err = OpenLabels(o, in)
		return err
	}
	if len(o.Sources) == 0 {
		if err := add("", o); err != nil {
			f.Close()
			return nil, err
		}
		return f, nil
	}
	for _, text := range o.Sources {
		name, path, err := ParseSource(text)
		one := o
		one.Paths, one.named = []string{path}, true
		if err == nil {
			err = add(name, one)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("--source %s: %w", name, err)
		}
	}
	return f, nil
}

// ParseSource reads name=path.
func ParseSource(text string) (name, path string, err error) {
	const most = 64
	name, path, _ = strings.Cut(text, "=")
	unfit := func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }
	if name == "" || path == "" || len(name) > most || !utf8.ValidString(name) || strings.ContainsFunc(name, unfit) || isCamera(name) {
		return "", "", fmt.Errorf("use name=stream, as in door=http://camera/stream.mjpg: a name of up to %d bytes without spaces", most)
	}
	return name, path, nil
}

// Fit prepares, once, for what the network takes, or says why what is given can't be that. No inputs: they are not known yet.
func (f *Feed) Fit(wanted []transport.Input) error {
	if f.fitted || len(wanted) == 0 {
		return nil
	}
	f.fitted = true
	for _, s := range f.streams {
		counted := s.in.Count() > 0
		if err := s.in.Fit(wanted); err != nil {
			return err
		}
		if len(s.labels) > 0 && !counted { // of a .npz file
			if err := oneForEach(f.labels, s.labels, s.in.Count()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Start begins to read so many frames; 0: until their end.
func (f *Feed) Start(count uint64) {
	f.left, f.endless = count, count == 0
	for _, s := range f.streams {
		s.start(f)
	}
}

// Notes are what was out of the ordinary. A client that answers requests has no feed.
func (f *Feed) Notes() []string {
	if f == nil {
		return nil
	}
	return f.passed.all()
}

// Close ends the reading. Only a goroutine that waits for stdin can't be stopped, and is left to the end of the process.
func (f *Feed) Close() {
	for _, s := range f.streams {
		s.stop()
	}
}

// Live reports whether any of it comes from a camera, of which only the newest picture counts.
func (f *Feed) Live() bool {
	return f != nil && slices.ContainsFunc(f.streams, func(s *stream) bool { return s.in.live() })
}

func (f *Feed) awake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Next returns what becomes the frame that is to be sent at a moment, or io.EOF. A camera's picture is taken as late as it
// may be, so that it is the newest.
func (f *Feed) Next(ctx context.Context, due time.Time) (Item, error) {
	if f.left == 0 && !f.endless {
		return Item{}, io.EOF
	}
	f.left--
	if f.decodes > 0 {
		wait := time.NewTimer(time.Until(due) - f.decodes)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return Item{}, io.EOF
		}
	}
	item, any, err := f.poll()
	if any || err != nil {
		return item, err
	}
	watch := time.NewTicker(firstPicture / 10) // of silent cameras
	defer watch.Stop()
	for {
		select {
		case <-f.wake:
		case <-watch.C:
		case <-ctx.Done():
			return Item{}, io.EOF
		}
		if item, any, err = f.poll(); any || err != nil {
			return item, err
		}
	}
}

// poll asks the streams in turn. Those that have failed are noted, and are an error once no other is left.
func (f *Feed) poll() (item Item, any bool, err error) {
	open := 0
	var failed []error
	for range f.streams {
		s := f.streams[f.turn]
		f.turn = (f.turn + 1) % len(f.streams)
		item, any, err := s.poll(f)
		if any {
			return item, true, nil
		}
		if err == nil && s.ended == nil {
			open++
			continue
		}
		if err = errors.Join(err, s.ended); !errors.Is(err, io.EOF) {
			if len(f.streams) > 1 {
				err = fmt.Errorf("--source %s: %w", s.name, err)
				f.passed.note(err.Error())
			}
			failed = append(failed, err)
		}
	}
	switch {
	case open > 0:
		return Item{}, false, nil
	case len(failed) > 0:
		return Item{}, false, errors.Join(failed...)
	}
	return Item{}, false, io.EOF
}

// finite refuses NaN and infinity at the edge.
func finite(i uint64, data []float32) error {
	if k := slices.IndexFunc(data, notFinite); k >= 0 {
		return fmt.Errorf("--input: value %d of frame %d is %v: only finite values are allowed", k, i, data[k])
	}
	return nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }
