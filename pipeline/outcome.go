package pipeline

import (
	"iter"
	"reflect"
)

// Outcome is what a ledger counts a frame by. A frame is received once, and then has one of the other outcomes or is
// still here.
type Outcome int

// The outcomes, in the order of the fields of Outcomes.
const (
	Received Outcome = iota
	Refused
	Dropped
	Expired
	Forwarded
	Finished
	Lost
	Skipped
	outcomes
)

// Outcomes counts the frames of a node by outcome:
//
//	received = refused + dropped + expired + forwarded + finished + lost + skipped + still here
//
// Its fields are the one list of outcomes: reports, metrics and messages take the names from here.
type Outcomes struct {
	Received  int64 `json:"received"`  // offered to this node
	Refused   int64 `json:"refused"`   // the queue had no place
	Dropped   int64 `json:"dropped"`   // it was the oldest in a full queue, and had to go for a newer one
	Expired   int64 `json:"expired"`   // it was too old when its turn came
	Forwarded int64 `json:"forwarded"` // handed to the next node with layers left to apply
	Finished  int64 `json:"finished"`  // the last layer ran here, and end has the result; on end: recorded
	Lost      int64 `json:"lost"`      // neither: the executor failed, or the neighbour did not take it
	Skipped   int64 `json:"skipped"`   // on the client: a picture that became no frame, as a camera had a newer one, or as it was damaged
}

// String is the outcome's name, as in JSON.
func (o Outcome) String() string { return reflect.TypeFor[Outcomes]().Field(int(o)).Tag.Get("json") }

// Of is the number of frames of one outcome.
func (n *Outcomes) Of(o Outcome) *int64 {
	return [outcomes]*int64{&n.Received, &n.Refused, &n.Dropped, &n.Expired, &n.Forwarded, &n.Finished, &n.Lost, &n.Skipped}[o]
}

// All returns every outcome with its number.
func (n Outcomes) All() iter.Seq2[Outcome, int64] {
	return func(yield func(Outcome, int64) bool) {
		for o := range outcomes {
			if !yield(o, *n.Of(o)) {
				return
			}
		}
	}
}

// Add adds the numbers of another ledger.
func (n *Outcomes) Add(more Outcomes) {
	for o, frames := range more.All() {
		*n.Of(o) += frames
	}
}

// Gone is the number of frames that ended on the node without a result.
func (n Outcomes) Gone() int64 { return n.Refused + n.Dropped + n.Expired + n.Lost }

// Here is the number of frames that are still on the node.
func (n Outcomes) Here() int64 { return n.Sent() - n.Gone() - n.Forwarded - n.Finished }

// Sent is the number of frames that a client has numbered: what it received, without the pictures that became no frames.
func (n Outcomes) Sent() int64 { return n.Received - n.Skipped }
