package pipeline

import (
	"fmt"
	"slices"
	"time"
)

// NoLabel marks a frame whose true class is not known.
const NoLabel = -1

// Frame is one input and what has become of it so far.
type Frame struct {
	ID    uint64    // 0, 1, 2 … in the order in which the client sent them
	Next  int       // index of the next layer to apply
	Shape []int     // of Data, without a batch dimension
	Data  []float32 // input, activation or result, row-major
	Label int       // true class, or NoLabel
	By    NodeID    // the node that ran the last layer; zero until then

	// Age is the time since the client sent the frame, as it was at the moment Since of this node's clock. It is
	// accumulated hop by hop, so that no clocks need agreeing.
	Age   time.Duration
	Since time.Time

	number uint64 // among the frames that this node has admitted
}

// AgeAt returns the frame's age at a moment of this node's clock.
func (f *Frame) AgeAt(now time.Time) time.Duration { return f.Age + now.Sub(f.Since) }

// bytes is about what the frame takes in memory.
func (f *Frame) bytes() int {
	const beside = 256 // its data
	return beside + 4*len(f.Data)
}

// memoryFor returns the frame's memory to be used again, unless it is so much larger than what comes that the frame would
// hold an image's memory for a result of ten values.
func (f *Frame) memoryFor(data []float32) []float32 {
	const spare = 64 << 10 / 4 // values
	if cap(f.Data) > 2*len(data)+spare {
		return make([]float32, 0, len(data))
	}
	return f.Data[:0]
}

// Top returns the class with the largest output, and that output. Of equal ones it is the first; a frame without data
// has class -1.
func (f *Frame) Top() (class int, score float32) {
	class = NoLabel
	for i, v := range f.Data {
		if class == NoLabel || v > score {
			class, score = i, v
		}
	}
	return class, score
}

// NodeID names a node in reports and results.
type NodeID struct {
	Role    string `json:"role"`
	Address string `json:"address"` // as its upstream neighbour dials it
}

func (n NodeID) String() string {
	if n.Address == "" {
		return n.Role
	}
	return n.Role + " (" + n.Address + ")"
}

// Roles are the programs of a pipeline, in the order in which frames pass them.
var Roles = []string{"client", "fast", "slow", "end"}

// Rank is where in the pipeline the node stands; -1: nowhere.
func (n NodeID) Rank() int { return slices.Index(Roles, n.Role) }

// Holding is what a node can apply: the layers [From, To), and the shape that enters each.
type Holding struct {
	From, To int
	Shape    func(layer int) []int
}

// Check reports why a frame can't be taken: its next layer is not held here, or its shape does not fit that layer. The
// error is ErrInvalidFrame.
func (h Holding) Check(f *Frame) error {
	if f.Next < h.From || f.Next >= h.To {
		return fmt.Errorf("%w %d: its next layer is %d, and this node holds layers %d to %d: check --cut on every node",
			ErrInvalidFrame, f.ID, f.Next, h.From, h.To-1)
	}
	if want := h.Shape(f.Next); !slices.Equal(want, f.Shape) {
		return fmt.Errorf("%w %d: its shape is %v, and layer %d takes %v: check --input and --model",
			ErrInvalidFrame, f.ID, f.Shape, f.Next, want)
	}
	return nil
}
