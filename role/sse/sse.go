// Package sse sends server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) to readers that may be
// slow: what a reader does not take within a deadline ends its stream, and nobody else waits for it.
package sse

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	// Piece is the number of bytes that are written at once.
	Piece = 16 << 10
	// Patience is how long a reader has for a piece.
	Patience = 10 * time.Second
)

// Comment is what readers ignore: it shows that the stream is alive.
var Comment = []byte(":\n\n")

// Event is the text of an event, with an id where it has one. The data are a single line.
func Event(name, id string, data []byte) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "event: %s\n", name)
	if id != "" {
		fmt.Fprintf(&text, "id: %s\n", id)
	}
	fmt.Fprintf(&text, "data: %s\n\n", data)
	return text.Bytes()
}

// Stream is what one reader gets.
type Stream struct {
	w    http.ResponseWriter
	conn *http.ResponseController
}

// Open begins a stream.
func Open(w http.ResponseWriter) Stream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	return Stream{w, http.NewResponseController(w)}
}

// Send writes events in pieces, each with its deadline, so that a long text may go over a slow link.
func (s Stream) Send(text []byte) error {
	for piece := range slices.Chunk(text, Piece) {
		if err := s.conn.SetWriteDeadline(time.Now().Add(Patience)); err != nil {
			return err
		}
		if _, err := s.w.Write(piece); err != nil {
			return err
		}
		if err := s.conn.Flush(); err != nil {
			return err
		}
	}
	return nil
}
