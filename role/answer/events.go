package answer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Times of a stream of events to a reader.
const (
	readerTime  = 10 * time.Second // for a piece of what is sent
	readerPiece = 16 << 10         // bytes
	readerBeat  = 5 * time.Second  // after which a comment shows that the stream is alive
)

// ServeHTTP sends answers by server-sent events: GET /results?run=ID, or without it of any run. With answers=full the values of
// the outputs are there too, and without answers=top where the fan is full. A reader that is slow loses answers, and is told how many; who comes again, as browsers do by
// themselves, has the newest once more.
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
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	conn := http.NewResponseController(w)
	beat := time.NewTicker(readerBeat)
	defer beat.Stop()
	text := []byte(":\n\n") // a comment
	for open := true; ; {
		if send(w, conn, text) != nil || !open {
			return
		}
		select {
		case _, open = <-s.Ready():
			text = events(s, full)
		case <-beat.C:
			text = []byte(":\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

// events takes what waits, as text.
func events(s *Subscription, full bool) []byte {
	var text bytes.Buffer
	event := func(name, id string, data any) {
		line, err := json.Marshal(data)
		if err != nil {
			return // an age is no number
		}
		if id != "" {
			id = "id: " + id + "\n"
		}
		fmt.Fprintf(&text, "event: %s\n%sdata: %s\n\n", name, id, line)
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
	}
	if missed > 0 {
		event("missed", "", map[string]int64{"missed": missed})
	}
	return text.Bytes()
}

// send writes a text in pieces, each with its deadline.
func send(w http.ResponseWriter, conn *http.ResponseController, text []byte) error {
	for piece := range slices.Chunk(text, readerPiece) {
		if err := conn.SetWriteDeadline(time.Now().Add(readerTime)); err != nil {
			return err
		}
		if _, err := w.Write(piece); err != nil {
			return err
		}
		if err := conn.Flush(); err != nil {
			return err
		}
	}
	return nil
}
