package input

import (
	"errors"
	"io"
	"time"

	"tandem/pipeline"
)

// stream is one stream of frames. Arrays and pictures are read ahead in a goroutine of its own, so that the beat waits
// neither for a decoder nor for a slow stdin; of cameras only what is sent is decoded.
type stream struct {
	name   string
	in     *Inputs
	labels []int
	ahead  chan Item // of what is no camera
	failed error     // why it was closed; read it after that
	done   chan struct{}
	at     uint64 // the next frame of the input; some become none
	ended  error  // nothing comes any more
}

// readAhead is how many frames are decoded before their time.
const readAhead = 4

func (s *stream) start(f *Feed) {
	done := make(chan struct{})
	s.done = done
	for _, c := range s.in.cameras() {
		c.since = time.Now()
	}
	if len(s.in.cameras()) > 0 {
		return
	}
	s.ahead = make(chan Item, readAhead)
	left := f.left
	go func() {
		defer f.awake()
		defer close(s.ahead)
		for ; f.endless || left > 0; left-- {
			item, err := s.next(f.passed)
			if err != nil {
				s.failed = err
				return
			}
			select {
			case s.ahead <- item:
				f.awake()
			case <-done:
				return
			}
		}
		s.failed = io.EOF
	}()
}

func (s *stream) stop() {
	for _, c := range s.in.cameras() {
		_ = c.Close()
	}
	if s.done != nil {
		close(s.done)
		s.done = nil
	}
}

// next reads frames until one is whole.
func (s *stream) next(p passed) (Item, error) {
	for {
		i := s.at
		s.at++
		data, err := s.in.Next(i)
		if err == nil {
			err = finite(i, data)
		}
		switch {
		case errors.Is(err, errSeen):
			continue
		case err == nil:
			return Item{Data: data, Label: s.label(i), Source: s.name, since: s.in.since()}, nil
		}
		if err = p.over(err); err != nil {
			return Item{}, err
		}
		if len(s.in.cameras()) > 0 && !s.in.ready() {
			return Item{}, errNothingYet
		}
	}
}

// errNothingYet: a camera has no further picture at the moment.
var errNothingYet = errors.New("no picture yet")

func (s *stream) label(i uint64) int {
	if len(s.labels) == 0 {
		return pipeline.NoLabel
	}
	return s.labels[i%uint64(len(s.labels))]
}

// poll returns a frame where there is one now. An error says that none comes at the moment, or, with s.ended, none any more.
func (s *stream) poll(f *Feed) (item Item, any bool, err error) {
	switch {
	case s.ended != nil:
		return Item{}, false, nil
	case len(s.in.cameras()) == 0:
		select {
		case item, any = <-s.ahead:
			if !any {
				s.ended = s.failed
			}
		default:
		}
		return item, any, nil
	case !s.in.ready():
		return Item{}, false, s.overdue()
	}
	began := time.Now()
	item, err = s.next(f.passed)
	switch {
	case err == nil:
		f.decodes += (time.Since(began) - f.decodes) / 4
		return item, true, nil
	case errors.Is(err, errNothingYet):
		return Item{}, false, s.overdue()
	}
	s.ended = err
	return Item{}, false, nil
}

// overdue says why cameras send no picture, once that takes too long; nil: it may still come.
func (s *stream) overdue() (err error) {
	for _, c := range s.in.cameras() {
		err = errors.Join(err, c.overdue(time.Now()))
	}
	return err
}
