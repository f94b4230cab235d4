// Package answer is what a network has answered, for whoever wants it.
//
//	end ──Answer, Gone──▶ Fan ──┬──▶ subscriber: a stream, server-sent events
//	                            └──▶ subscriber: a file, a broker
//
// answer.go   an answer, and its one JSON form
// number.go   numbers as JSON has them, which knows no NaN
// reading.go  what classes are called, and scores
// fan.go      the fan-out: each subscriber has a bounded queue, and a slow one loses answers
// stream.go   a subscriber on the wire
// events.go   a subscriber by server-sent events
// feed.go     a subscriber that brings answers to a sink; sinks.go opens those that are wanted
// jsonl.go    the sink of JSON lines
// table.go    the sinks of numpy, a row for each answer: npy.go is the format, npz.go several arrays in one file
// mqtt.go     the sink of a broker, and broker.go the connection to it
package answer

import (
	"fmt"
	"slices"
	"time"

	"tandem/pipeline"
)

// Answer is what the network gives for one frame. Streams, files and brokers have it in this JSON form.
type Answer struct {
	Run     string   `json:"run"`
	ID      uint64   `json:"id"`
	Source  string   `json:"source,omitempty"`   // of the frame, where there are several
	Class   int      `json:"class"`              // index of the largest number in the first output
	Name    string   `json:"name,omitempty"`     // of the class, where the names are known
	Score   Number   `json:"score"`              // that number
	ScoreIs string   `json:"score_is,omitempty"` // probability or logit
	Label   *int     `json:"label,omitempty"`    // the true class, where it is known
	AgeMS   float64  `json:"age_ms"`             // since the input existed
	Node    string   `json:"node"`               // role of the node that ran the last layer
	Address string   `json:"address"`            // of that node
	Outputs []Output `json:"outputs,omitempty"`
}

// How much of an answer is said.
const (
	Top  = "top"  // the best class alone
	Full = "full" // the values of all outputs, too
)

// Output is one of the network's outputs for one frame.
type Output struct {
	Name   string  `json:"name"`
	Type   string  `json:"type,omitempty"` // what the network says that it holds, such as float32; empty: not known
	Shape  []int   `json:"shape"`          // without a batch dimension
	Values Numbers `json:"values"`         // row-major
}

// Of is the answer that a frame has brought to end. It shares the frame's values, which are not to be changed. Where the run
// does not say what the outputs are called, or what it says does not fit, they are output0, output1 …
func Of(run pipeline.Run, f *pipeline.Frame) Answer {
	class, score := f.Top()
	a := Answer{
		Run: run.ID, ID: f.ID, Source: f.Source, Class: class, Score: Number(score),
		AgeMS: float64(f.Age/time.Microsecond) / 1000, Node: f.By.Role, Address: f.By.Address,
	}
	if label := f.Label; label != pipeline.NoLabel {
		a.Label = &label
	}
	known := slices.EqualFunc(run.Outputs, f.Shapes, func(t pipeline.Tensor, shape []int) bool { return slices.Equal(t.Shape, shape) })
	values := f.Data
	for i, shape := range f.Shapes {
		o := Output{Name: fmt.Sprint("output", i), Shape: shape}
		if known {
			o.Name, o.Type = run.Outputs[i].Name, run.Outputs[i].Type
		}
		n := min(pipeline.Volume(shape), len(values))
		o.Values, values = Numbers(values[:n:n]), values[n:]
		a.Outputs = append(a.Outputs, o)
	}
	return a
}

// Brief is the answer without the values of the outputs.
func (a Answer) Brief() Answer {
	a.Outputs = nil
	return a
}

// bytes is about what the answer takes in memory.
func (a *Answer) bytes() int {
	n := 256
	for _, o := range a.Outputs {
		n += 128 + 4*len(o.Values)
	}
	return n
}

// Gone says that frames will have no answer: they ended on a node. One that is said to be gone and has an answer after all
// was given up by a sender that had missed a neighbour's word.
type Gone struct {
	Run     string `json:"run"`
	Frames  string `json:"frames"`  // their ids, as in 0-3,7
	Outcome string `json:"outcome"` // refused, dropped, expired or lost
	Node    string `json:"node"`    // role of the node where they ended
	Address string `json:"address"`
}

// GoneOf is what became of frames of a run.
func GoneOf(run string, f pipeline.Loss) Gone {
	return Gone{Run: run, Frames: f.Frames.String(), Outcome: f.Outcome.String(), Node: f.Role, Address: f.Address}
}
