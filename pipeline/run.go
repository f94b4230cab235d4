package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/strategy"
)

// Run is what a client opens: one experiment or one service session. It travels down the pipeline with the opening, and
// the first node fills in what the client left open.
type Run struct {
	ID       string
	Strategy string        // name or alias; empty: the fast node's own
	Tasks    int           // the strategy's parameter; 0: the fast node's own
	Frames   uint64        // how many will come; 0: until the client closes
	Interval time.Duration // between frames
	Model    string        // name; empty until a node that has the model fills it in
	Digest   string        // of the model's weights; empty: any
	// Cuts are the layers at which one node hands over to the next, in rising order; empty: not yet known.
	Cuts []int
	Load Loading // how a switch is made; empty: the strategy's own way
	Wire string  // how values travel between nodes; empty: the fast node's own
	// Newest: the frames are of live pictures, of which only the newest counts. Queues stay short, and drop the oldest.
	Newest bool
	Auto   bool // the cuts move as the fleet changes: each node may need any layer
	Epoch  int  // how often they have moved
	// Outputs are what the network gives for each frame; none until a node that has the model fills them in.
	Outputs []Tensor
}

// Tensor is one that enters or leaves the network, for one frame.
type Tensor struct {
	Name  string // empty: not known
	Shape []int  // without a batch dimension
	Type  string // what the network says that it holds, such as int64; empty: not known. Frames have float32 for it
	// Probability says of an output that its numbers are probabilities, as softmax or sigmoid makes them.
	Probability bool
}

// Integer says that it holds integers, or truth values, which have to arrive as they are.
func (t Tensor) Integer() bool {
	return strings.HasPrefix(t.Type, "int") || strings.HasPrefix(t.Type, "uint") || t.Type == "bool"
}

// Loading says how a switch is made.
type Loading = strategy.Loading

// Validate reports parts that don't belong together, or are unknown. The error is ErrInvalidRun.
func (r Run) Validate() error {
	last := 0
	for _, c := range r.Cuts {
		if c <= last {
			return fmt.Errorf("%w: its cuts are %v: they must be 1 or more and rise", ErrInvalidRun, r.Cuts)
		}
		last = c
	}
	if r.Load != "" {
		if _, err := strategy.ParseLoading(string(r.Load)); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalidRun, err)
		}
	}
	return nil
}

// FormatCuts lists cuts as --cut takes them.
func FormatCuts(cuts []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(cuts), "[]"), " ", ",")
}

// newestPlaces is how many live pictures wait on a node: the next one, and one more for a moment in which it is held up.
const newestPlaces = 2

// Queue is the queue that a node has in the run, of the one that it is set up with: so many places, how many frames in it
// make an overload (0: when it is full), and what it sheds.
func (r Run) Queue(places, highWater int, drop Drop) (int, int, Drop) {
	if !r.Newest {
		return places, highWater, drop
	}
	places = min(places, newestPlaces)
	return places, min(places, highWater), DropOldest
}

// Slice returns the layers [from, to) of the node that takes frames whose next layer is from: up to the next cut, or to
// the end of a network of so many layers.
func (r Run) Slice(from, layers int) (int, int) {
	if i, _ := slices.BinarySearch(r.Cuts, from+1); i < len(r.Cuts) {
		return from, r.Cuts[i]
	}
	return from, layers
}
