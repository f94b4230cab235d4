package edge

import (
	"slices"
	"sync"

	"tandem/pipeline"
)

// Ways are the edges of a node in a run to its next nodes, and what is left of those that have gone. It may be used by several
// goroutines.
type Ways struct {
	mu      sync.Mutex
	next    []*Edge
	opening map[string]bool // processes to which an edge is being opened
	left    []string        // addresses of nodes that had left
	told    []pipeline.Entry
	notes   []string
}

// NewWays makes none.
func NewWays() *Ways { return &Ways{opening: map[string]bool{}} }

// Add adds an edge.
func (w *Ways) Add(e *Edge) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = append(w.next, e)
}

// Now are the edges that there are now.
func (w *Ways) Now() []*Edge {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.next)
}

// Links are those to the nodes, as far as frames have shown what they carry.
func (w *Ways) Links() (links []pipeline.Link) {
	for _, e := range w.Now() {
		if rate := e.Client.Rate(); rate > 0 {
			links = append(links, pipeline.Link{NodeID: e.ID(), Rate: rate})
		}
	}
	return links
}

// Reserve reports whether there is no way to a process yet, and takes note that one is being opened, until Release.
func (w *Ways) Reserve(process string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.opening[process] || slices.ContainsFunc(w.next, func(e *Edge) bool { return e.Process() == process }) {
		return false
	}
	w.opening[process] = true
	return true
}

// Release ends a reservation.
func (w *Ways) Release(process string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.opening, process)
}

// maxLeft and maxNotes bound what is kept of edges that are gone.
const (
	maxLeft  = 256
	maxNotes = 32
)

// Forget keeps of an edge that is closed what the report needs.
func (w *Ways) Forget(e *Edge) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = slices.DeleteFunc(w.next, func(n *Edge) bool { return n == e })
	w.told = AddLedgers(w.told, e.Ledgers()...)
	notes := e.Notes()
	w.notes = append(w.notes, notes[:min(len(notes), maxNotes-len(w.notes))]...)
	if address := e.ID().Address; !slices.Contains(w.left, address) {
		w.left = append(w.left[max(0, len(w.left)+1-maxLeft):], address)
	}
}

// Knew reports whether the run was open on a node that has left.
func (w *Ways) Knew(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.left, address)
}

// Left are the addresses of the nodes that have left, the ledgers that they have told, and notes on them.
func (w *Ways) Left() (addresses []string, told []pipeline.Entry, notes []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.left), w.told, w.notes
}
