package model

import (
	"fmt"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// sharing says for one node whether it is shared out over the team. Waking a
// parked thread costs more than a small kernel does, so that is measured, with
// threads that are awake and with parked ones: see Tune.
type sharing struct {
	one, more gain // for one frame, and for a batch
}

// gain says when sharing a node out is faster.
type gain struct {
	Awake  bool `json:"awake"`
	Parked bool `json:"parked"`
}

var always = gain{true, true}

// threads is the team for a node where sharing it out is faster, or nil. Behind
// another node that was shared, and at frames that follow one another closely,
// its threads are awake, or worth being woken for the next one.
func (e *Executor) threads(node, frames int) *f32.Team {
	if e.team == nil || node < 0 {
		return nil
	}
	g := e.sharing[node].one
	if frames > 1 {
		g = e.sharing[node].more
	}
	if g.Parked || g.Awake && e.busy {
		e.busy = true
		return e.team
	}
	return nil
}

// share decides for layers that have become resident, from what is remembered
// of their shapes. Nothing is measured here: frames may be waiting, as they are
// in a switch.
func (e *Executor) share(layers []int) {
	if !e.several() {
		return
	}
	for _, l := range layers {
		e.sharing[l] = sharing{}
		if _, ok := e.kernels[l].(op.Shared); !ok {
			continue
		}
		e.sharing[l].one = e.remembered(l, 1)
		if _, ok := e.kernels[l].(op.Joint); ok && e.batch > 1 {
			e.sharing[l].more = e.remembered(l, e.batch)
		}
	}
}

// several says whether there is anything to decide.
func (e *Executor) several() bool { return e.team != nil && e.team.Threads() > 1 }

// remembered is what was measured of a layer of this shape, or else a guess.
func (e *Executor) remembered(layer, frames int) gain {
	if g, ok := e.findings.of(e.shape(layer, frames)); ok {
		return g
	}
	return e.guess(layer)
}

// shape is all of a layer that its time depends on, but for the device.
func (e *Executor) shape(layer, frames int) string {
	shape := e.net.shape(layer, frames, e.team.Threads())
	if e.weights != Float32 {
		shape += fmt.Sprintf(", %v weights", e.weights)
	}
	return shape
}

func (n *Network) shape(layer, frames, threads int) string {
	l := n.nodes[layer]
	return fmt.Sprintf("%v, %v to %v, %d bytes; %d frames, %d threads",
		l.Operation, n.dims(l.in), n.dims(l.out), l.Bytes(), frames, threads)
}

// guess is by the size of the work: what the other threads take over must be
// more than it costs to reach them.
func (e *Executor) guess(layer int) gain {
	n, threads := e.net.nodes[layer], float64(e.team.Threads())
	spared := op.Cost(n.Operation, volume(e.net.dims(n.in)), volume(e.net.dims(n.out))) * (1 - 1/threads)
	spin := float64(f32.Spin.Nanoseconds())
	return gain{Awake: spared > spin, Parked: spared > 2*spin}
}

// dims are the shapes of values.
func (n *Network) dims(values []int) (all [][]int) {
	for _, v := range values {
		all = append(all, n.values[v].dims)
	}
	return all
}

// volume is how many numbers tensors of these shapes have together.
func volume(shapes [][]int) (sum int) {
	for _, dims := range shapes {
		sum += op.Volume(dims)
	}
	return sum
}
