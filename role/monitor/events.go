package monitor

import (
	"fmt"
	"net/http"

	"tandem/role/sse"
)

// Viewers of end's live figures, by server-sent events.
const (
	maxViewers   = 32
	viewerQueue  = 32 // events that wait for a viewer whose link is slow
	commentEvery = 10 // samples
)

// viewer is one of them.
//
//	tick, report ──▶ [ at most 32 wait ] ──▶ its own handler ──▶ link
//	                   full: cut off                │ too slow for the deadline: cut off
type viewer chan []byte // closed by who cuts it off

func event(name string, data []byte) []byte { return sse.Event(name, "", data) }

// tell gives all viewers an event; none is waited for. Call it with h.mu held.
func (h *History) tell(event []byte) {
	for v := range h.viewers {
		select {
		case v <- event:
		default:
			h.cut(v)
		}
	}
}

// cut ends what a viewer is told. Call it with h.mu held.
func (h *History) cut(v viewer) {
	if h.viewers[v] {
		delete(h.viewers, v)
		close(v)
	}
}

// join adds a viewer, who first of all gets the history; nil: there is no place.
func (h *History) join() viewer {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.viewers) >= maxViewers {
		return nil
	}
	v := make(viewer, viewerQueue)
	v <- event("history", h.all())
	h.viewers[v] = true
	return v
}

func (h *History) leave(v viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut(v)
}

// serveEvents tells one viewer what happens, until it goes, is too slow, or the node stops.
func (h *History) serveEvents(w http.ResponseWriter, r *http.Request) {
	v := h.join()
	if v == nil {
		plain(w, http.StatusServiceUnavailable,
			fmt.Sprintf("%d viewers are allowed, and so many are here, or the node is stopping: close one, or read /status", maxViewers))
		return
	}
	defer h.leave(v)
	stream := sse.Open(w)
	for {
		select {
		case e, open := <-v:
			if !open || stream.Send(e) != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
