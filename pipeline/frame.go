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
	ID     uint64    // 0, 1, 2 … in the order in which the client sent them
	Next   int       // index of the next layer to apply
	Shapes [][]int   // of the tensors in Data, without a batch dimension; often there is one
	Data   []float32 // inputs, activation or results: row-major, one tensor after the other
	Label  int       // true class, or NoLabel
	By     NodeID    // the node that ran the last layer; zero until then
	Source string    // the name of the stream that it comes from, where a client has several

	// Age is the time since the client sent the frame, or a camera's last byte of it arrived there, as it was at the moment
	// Since of this node's clock. It is accumulated hop by hop, so that no clocks need agreeing.
	Age   time.Duration
	Since time.Time

	number uint64 // among the frames that this node has admitted
}

// AgeAt returns the frame's age at a moment of this node's clock.
func (f *Frame) AgeAt(now time.Time) time.Duration { return f.Age + now.Sub(f.Since) }

// bytes is about what the frame takes in memory.
func (f *Frame) bytes() int {
	const beside, further = 256, 96 // its data; tensors behind the first
	return beside + further*max(0, len(f.Shapes)-1) + 4*len(f.Data)
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

// Top returns the class with the largest number in the first output, and that number. Of equal ones it is the first; a
// frame without data has class -1.
func (f *Frame) Top() (class int, score float32) {
	class = NoLabel
	first := f.Data
	if len(f.Shapes) > 1 {
		first = first[:Volume(f.Shapes[0])]
	}
	for i, v := range first {
		if class == NoLabel || v > score {
			class, score = i, v
		}
	}
	return class, score
}

// Volume is the number of elements of a tensor.
func Volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
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

// Holding is what a node can apply: the layers [From, To), and the shapes of the tensors that enter each.
type Holding struct {
	From, To int
	Shapes   func(layer int) [][]int
}

// Check reports why a frame can't be taken: its next layer is not held here, or its shapes do not fit that layer. The
// error is ErrInvalidFrame.
func (h Holding) Check(f *Frame) error {
	if f.Next < h.From || f.Next >= h.To {
		return fmt.Errorf("%w %d: its next layer is %d, and this node holds layers %d to %d: check --cut on every node",
			ErrInvalidFrame, f.ID, f.Next, h.From, h.To-1)
	}
	if want := h.Shapes(f.Next); !slices.EqualFunc(want, f.Shapes, slices.Equal) {
		return fmt.Errorf("%w %d: its shape is %v, and layer %d takes %v: check --input and --model",
			ErrInvalidFrame, f.ID, FormatShapes(f.Shapes), f.Next, FormatShapes(want))
	}
	return nil
}

// FormatShapes spells shapes: a single one as it is, and of more than a few the first ones.
func FormatShapes(shapes [][]int) string {
	const most = 8
	switch n := len(shapes); {
	case n == 1:
		return fmt.Sprint(shapes[0])
	case n > most:
		return fmt.Sprintf("%v and %d more", shapes[:most], n-most)
	}
	return fmt.Sprint(shapes)
}
