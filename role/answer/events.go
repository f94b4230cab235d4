package answer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tandem/role/sse"
)

const readerBeat = 5 * time.Second // after which a comment shows that the stream is alive

// ServeHTTP sends answers by server-sent events: GET /results?run=ID, or without it of any run. With answers=full they have the
// values of the outputs, with answers=top they have not, and with neither as Full says. A reader that is slow loses answers,
// and is told how many; who comes again, as browsers do by themselves, has the newest once more.
//
//	event: answer    an Answer
//	event: gone      a Gone
//	event: missed    how many answers were lost to this reader, as in {"missed":3}
func (f *Fan) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	full := f.Full
	switch kind := r.FormValue("answers"); kind {
	case Full:
		full = true
	case Top:
		full = false
	case "":
	default:
		http.Error(w, fmt.Sprintf("answers=%.20q is neither top nor full", kind), http.StatusBadRequest)
		return
	}
	s, err := f.Subscribe(r.FormValue("run"), r.Header.Get("Last-Event-ID") != "")
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer s.Close()
	stream := sse.Open(w)
	beat := time.NewTicker(readerBeat)
	defer beat.Stop()
	err = stream.Send(sse.Comment)
	for open := true; open && err == nil; {
		select {
		case _, open = <-s.Ready():
			err = events(s, full, stream.Send)
		case <-beat.C:
			err = stream.Send(sse.Comment)
		case <-r.Context().Done():
			return
		}
	}
}

// events tells what waits, in texts that are little larger than one event: those may be large, and readers many.
func events(s *Subscription, full bool, tell func([]byte) error) error {
	var text bytes.Buffer
	event := func(name, id string, data any) {
		line, err := json.Marshal(data)
		if err != nil {
			return // an age is no number
		}
		text.Write(sse.Event(name, id, line))
	}
	waiting, missed := s.Take()
	for _, e := range waiting {
		switch a := e.Answer; {
		case a == nil:
			event("gone", "", GoneOf(e.Run, e.Gone))
		case full:
			event("answer", fmt.Sprint(a.ID), a)
		default:
			event("answer", fmt.Sprint(a.ID), a.Brief())
		}
		if text.Len() >= sse.Piece {
			if err := tell(text.Bytes()); err != nil {
				return err
			}
			text.Reset()
		}
	}
	if missed > 0 {
		event("missed", "", map[string]int64{"missed": missed})
	}
	return tell(text.Bytes())
}
