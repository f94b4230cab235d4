// Package recut cuts a run anew while frames pass: when, on the client, and how, on each node.
//
//	watcher.go  the client's decision: pure
//	driver.go   what the client does about it
//	keeper.go   both, for the life of a run
//	node.go     a node's part in it, and stage.go its stage
//
// A recut goes down the pipeline with the signs of life, and what is known of it comes up with the answers:
//
//	        ──recut 3: cuts 4,9──▶        ──recut 3──▶        ──recut 3──▶
//	client                         fast                slow                end
//	        ◀──────ready────────          ◀──ready──          ◀──ready──         each has its layers
//	        ─────recut 3: go─────▶        ────go────▶         ────go────▶        and hands over at the new cuts
package recut

import (
	"context"
	"slices"
	"sync"
	"time"

	"tandem/pipeline"
)

// Part is what a node does in the run.
type Part interface {
	Welcome(from int)
	Widen(from, to int) error
	Switch(from, to int)
	Narrow(from, to int)
}

// Way leads to a node below.
type Way interface {
	Order(r pipeline.Recut, exact bool)
	Recutting() pipeline.Recutting
	Up() bool
}

// Keep is for how long a node keeps the layers of an old cut: until no call with frames of it can be under way.
const Keep = 10 * time.Second

// Node is a node in a run that may be cut anew.
//
//	          told                    read, and all below ready                go                    Keep later
//	one slice ────▶ reading the other ─────────────────────────▶ ready (both) ──▶ the new one (both) ──────────▶ one slice
//	                      │ it can't                               │
//	                      └──▶ refused: the client goes back to the old cuts, by another recut
type Node struct {
	Part
	Ways func() []Way // those to next nodes and to end, that there are now
	// Slice is the layers of this node in the run with other cuts; the error says why it can't have them.
	Slice func(pipeline.Run) (from, to int, err error)
	Exact func(cut int) bool // values travel as they are there

	news chan struct{} // holds one while there is something to do
	stop context.CancelFunc
	ends sync.WaitGroup

	mu       sync.Mutex
	run      pipeline.Run // as it is cut now
	from, to int          // the slice now
	order    pipeline.Recut
	ready    int    // epoch whose slice is here
	refused  string // why the slice of the newest can't be; empty: it can, as far as is known
}

// Start begins with a run and this node's slice. Close ends it.
func (n *Node) Start(run pipeline.Run, from, to int) {
	n.run, n.from, n.to, n.ready = run, from, to, run.Epoch
	n.order = pipeline.Recut{Epoch: run.Epoch, Cuts: run.Cuts, Go: true}
	n.news = make(chan struct{}, 1)
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.ends.Go(func() { n.work(ctx) })
}

// Close waits for layers that are being read.
func (n *Node) Close() {
	n.stop()
	n.ends.Wait()
}

// Run is the run as it is cut now, and where this node hands over.
func (n *Node) Run() (run pipeline.Run, to int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.run, n.to
}

// Recut takes in what the node above says, and answers how far this one, and those below it, are.
func (n *Node) Recut(r pipeline.Recut) pipeline.Recutting {
	n.mu.Lock()
	newer := r.Epoch > n.order.Epoch || r.Epoch == n.order.Epoch && r.Go && !n.order.Go
	if newer {
		if r.Epoch > n.order.Epoch {
			n.refused = ""
			if from, _, err := n.Slice(n.run.Recut(r)); err != nil {
				n.refused = err.Error()
			} else {
				n.Welcome(min(from, n.from))
			}
		}
		n.order = r
		select {
		case n.news <- struct{}{}:
		default:
		}
	}
	state := pipeline.Recutting{Epoch: n.order.Epoch, Ready: n.ready == n.order.Epoch, Refused: n.refused}
	n.mu.Unlock()
	for _, way := range n.Ways() {
		if newer {
			n.tell(way, r)
		}
		below := way.Recutting()
		if below.Epoch != state.Epoch {
			below = pipeline.Recutting{}
		}
		state.Ready = state.Ready && (below.Ready || !way.Up())
		if state.Refused == "" {
			state.Refused = below.Refused
		}
	}
	return state
}

// Join tells a node that has just been opened of a recut that is under way.
func (n *Node) Join(way Way) {
	n.mu.Lock()
	r := n.order
	n.mu.Unlock()
	if r.Epoch > 0 {
		n.tell(way, r)
	}
}

func (n *Node) tell(way Way, r pipeline.Recut) {
	way.Order(r, slices.ContainsFunc(r.Cuts, n.Exact))
}

// work reads layers beside the work, switches to them, and gives the old ones back.
func (n *Node) work(ctx context.Context) {
	var old <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.news:
			if n.follow() {
				old = time.After(Keep)
			}
		case <-old:
			if n.narrow(); n.behind() { // it would be read again
				old = time.After(Keep)
			}
		}
	}
}

// follow does what the newest recut asks for, and reports whether this node hands over at another cut now.
func (n *Node) follow() (switched bool) {
	n.mu.Lock()
	r, run, from, to := n.order, n.run, n.from, n.to
	refused, ready := n.refused != "", n.ready == r.Epoch
	n.mu.Unlock()
	next := run.Recut(r)
	newFrom, newTo, err := n.Slice(next)
	if refused || err != nil || r.Epoch == run.Epoch {
		return false
	}
	if !ready {
		err = n.Widen(min(from, newFrom), max(to, newTo))
	}
	if !n.have(r.Epoch, err) {
		return false
	}
	n.Switch(newFrom, newTo) // which waits for the frame that is being computed
	n.mu.Lock()
	defer n.mu.Unlock()
	n.run, n.from, n.to = next, newFrom, newTo
	return true
}

// have takes note that the slice of an epoch is here, or can't be, and reports whether frames may come by it.
func (n *Node) have(epoch int, err error) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case epoch != n.order.Epoch: // there is newer word
		return false
	case err != nil:
		n.refused = err.Error()
		return false
	}
	n.ready = epoch
	return n.order.Go
}

// narrow gives back what is of an old cut, unless a newer one may need it.
func (n *Node) narrow() {
	if n.behind() {
		return
	}
	n.mu.Lock()
	from, to := n.from, n.to
	n.mu.Unlock()
	n.Narrow(from, to)
}

// behind reports whether a recut is under way.
func (n *Node) behind() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.order.Epoch != n.run.Epoch
}
