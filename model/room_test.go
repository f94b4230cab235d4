package model

import (
	"testing"

	"tandem/model/internal/op"
)

// Layers take no more memory for their faster forms than they are allowed, those
// that gain most by it first.
func TestRoom(t *testing.T) {
	n := &Network{nodes: []node{
		{Operation: &roomy{bytes: 100, saved: 100}},
		{Operation: &roomy{bytes: 100, saved: 300}},
		{Operation: &roomy{bytes: 50, saved: 120}},
		{Operation: &roomy{bytes: 0, saved: 0}},
	}}
	n.spend(160)
	for i, want := range []bool{false, true, true, false} {
		if got := n.nodes[i].Operation.(*roomy).taken; got != want {
			t.Errorf("layer %d has taken its room: %v", i, got)
		}
	}
}

type roomy struct {
	op.Operation
	bytes int64
	saved float64
	taken bool
}

func (r *roomy) Room() (int64, float64) { return r.bytes, r.saved }
func (r *roomy) Take()                  { r.taken = true }
