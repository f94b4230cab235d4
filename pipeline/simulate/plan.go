package simulate

import (
	"fmt"
	"iter"
	"time"

	"tandem/pipeline"
	"tandem/strategy"
)

// Plan says what is simulated.
type Plan struct {
	// Run is as the nodes have agreed on it: with its strategy, cuts and loading.
	Run pipeline.Run
	// Levels are the nodes that compute: first fast, alone, and then those behind each hand-over. Every one takes frames of all
	// nodes of the level before.
	Levels [][]Node
	Client Host
	End    Host
	// Gaps are the times between frames. The run ends a gap after its last frame: with them, or with its number of frames.
	Gaps   iter.Seq[time.Duration]
	Faults []Fault
	Value  int           // bytes that a value takes between nodes; results take 4
	Start  time.Duration // when the run begins, where others are played together with it
	Delay  time.Duration // of every message, one way, beside that of links
	Limit  time.Duration // of virtual time: what is not over then is a mistake in the plan or the program
}

// Host is what every program of the pipeline has.
type Host struct {
	ID     pipeline.NodeID
	Uplink Uplink                // what it sends goes over it; nil: it takes no time
	Tell   func(*pipeline.Entry) // adds what is known of the device to the entry of the node; nil: nothing is
}

// Node is one that computes. Of its configuration the simulation fills in what does not depend on the node.
type Node struct {
	Host
	Device   Device
	Resident bool // the tail is never dropped
	Stage    pipeline.StageConfig
	Joins    time.Duration // since the run began; 0: the node is there from the beginning
}

// Device says what things take on a node, so long after the run was opened there.
type Device interface {
	Computes(since time.Duration, frames, from, to, cut int) time.Duration // frames in layers [from, to), for a tail from cut on
	Loads(since time.Duration) time.Duration                               // to make the tail resident
}

// Uplink is the link of one node, over which all its connections go. It makes the way of one connection.
type Uplink interface{ Line() Line }

// Line is the schedule of one connection's bytes.
type Line interface {
	Put(bytes int, now time.Time)
	// Advance moves the schedule to now: it returns how many bytes have arrived since, and when to call it again, which is never
	// (zero) while nothing is under way.
	Advance(now time.Time) (arrived int, next time.Time)
}

// Fault is a node that is killed: all that it has is gone; or that is stopped, and hands on what it has. It is started again
// later.
type Fault struct {
	Level, Node int           // in the plan
	At, For     time.Duration // For 0: it does not come back
	Stopped     bool
}

// Validate reports what can't be simulated.
func (p Plan) Validate() error {
	if _, err := strategy.Lookup(p.Run.Strategy); err != nil {
		return err
	}
	if len(p.Levels) < 2 || len(p.Levels[0]) != 1 {
		return fmt.Errorf("a plan has one fast node, and slow nodes behind it: this one has %d levels", len(p.Levels))
	}
	if hand := len(p.Levels) - 1; len(p.Run.Cuts) != hand {
		return fmt.Errorf("the run has %d cuts for %d hand-overs: give one for each", len(p.Run.Cuts), hand)
	}
	for _, f := range p.Faults {
		if f.Level < 1 || f.Level >= len(p.Levels) || f.Node < 0 || f.Node >= len(p.Levels[f.Level]) {
			return fmt.Errorf("a fault is to happen to node %d of level %d, which is no slow node of the plan", f.Node, f.Level)
		}
	}
	return nil
}
