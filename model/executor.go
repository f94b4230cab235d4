package model

import (
	"errors"
	"fmt"
	"time"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

var (
	// ErrNotResident is in the chain of errors about layers that Load has not
	// made resident.
	ErrNotResident = errors.New("not resident")

	// ErrLength is in the chain of errors about an input of the wrong length, or
	// about more frames than a batch may have.
	ErrLength = errors.New("wrong length")
)

// Options say what an executor may use. The zero value is one thread, and one
// frame at a time.
type Options struct {
	Threads int    // that share a large layer
	Batch   int    // most frames in one Run
	Weights Format // of large layers; activations are float32 with each
}

// Executor computes layers of one network. One goroutine at a time calls it.
//
//	x ──copy──▶ tensors ──kernel──▶ ··· ──kernel──▶ tensors, one after the other
//	            └───────────── arena ─────────────┘ └──────── results ─────────┘
//
// For each range of layers that is run there is a plan: which kernels, in which
// order, and where in the arena each value lies (see plan). Ranges share the
// arena, since one is run at a time.
type Executor struct {
	net      *Network
	batch    int
	weights  Format
	team     *f32.Team       // nil: one thread
	resident []bool          // layers
	kernels  []op.Kernel     // of resident layers
	sharing  []sharing       // whether a layer is shared out over the team
	findings *findings[gain] // what was measured of that
	plans    map[span]*plan

	arena   []float32 // memory of the activations, frame by frame
	results []float32 // memory of what Run returns, frame by frame
	scratch []float32 // memory for a kernel while it runs
	out     [][]float32

	ended time.Time // the last Run
	busy  bool      // the team's threads are awake
}

// span is the layers [from, to).
type span struct{ from, to int }

// NewExecutor makes an executor with no layer resident. Close ends its threads.
func NewExecutor(n *Network, o Options) *Executor {
	e := &Executor{
		net: n, batch: max(1, o.Batch), weights: o.Weights, resident: make([]bool, n.Len()),
		kernels: make([]op.Kernel, n.Len()), sharing: make([]sharing, n.Len()), plans: map[span]*plan{},
	}
	if o.Threads > 1 {
		e.team, e.findings = f32.NewTeam(o.Threads), thisDevice().sharing
	}
	return e
}

// Close gives back memory and threads. Run, Load and Drop may not follow.
func (e *Executor) Close() {
	e.Drop(0, e.net.Len())
	if e.team != nil {
		e.team.Close()
	}
}

// Load makes the layers [from, to) resident, reading their weights; those
// already resident stay. After an error none is resident that was not before.
// Whether several threads compute a layer was found by Tune, or is guessed.
func (e *Executor) Load(from, to int) error {
	if err := e.net.within(from, to); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if from == to {
		return nil
	}
	var fresh []int // layers
	for l := from; l < to; l++ {
		if e.resident[l] {
			continue
		}
		e.resident[l] = true
		fresh = append(fresh, l)
		var err error
		if e.kernels[l], err = e.net.nodes[l].Load(); err != nil {
			e.kernels[l] = nil
			e.drop(fresh)
			return fmt.Errorf("load layer %d of %s (%v): %w", l, e.net.name, e.net.nodes[l].Operation, err)
		}
		if s, is := e.kernels[l].(op.Storer); is && e.weights != Float32 {
			s.Store(e.weights)
		}
	}
	if _, err := e.plan(from, to); err != nil {
		e.drop(fresh)
		return err
	}
	e.share(fresh)
	return nil
}

// Drop gives the memory of the layers [from, to) back; indices beyond the
// network mean nothing.
func (e *Executor) Drop(from, to int) {
	var gone []int
	for l := max(from, 0); l < min(to, e.net.Len()); l++ {
		if e.resident[l] {
			gone = append(gone, l)
		}
	}
	e.drop(gone)
}

func (e *Executor) drop(layers []int) {
	for _, l := range layers {
		e.resident[l] = false
		if f, ok := e.kernels[l].(op.Freer); ok {
			f.Free()
		}
		e.kernels[l] = nil
	}
	for s := range e.plans {
		if e.missing(s.from, s.to) >= 0 {
			delete(e.plans, s)
		}
	}
	if len(e.plans) == 0 {
		e.arena, e.scratch = nil, nil
	}
}

// Resident says whether all layers [from, to) are resident. It is false for a
// range that the network does not have.
func (e *Executor) Resident(from, to int) bool {
	return e.net.within(from, to) == nil && e.missing(from, to) < 0
}

// missing is the first layer of [from, to) that is not resident, or -1.
func (e *Executor) missing(from, to int) int {
	for i := from; i < to; i++ {
		if !e.resident[i] {
			return i
		}
	}
	return -1
}

// Run applies the layers [from, to), of which there is at least one, to the
// frames xs, of which there are at most Options.Batch: each is the elements of
// the tensors that enter layer from (see Network.Shapes). It gives those of the
// tensors that enter layer to. The
// results are valid until the next Run and may be its xs; any other xs are left
// as they are. It allocates nothing, except the first time that these layers are
// run together. Errors are ErrRange, ErrNotResident or ErrLength.
func (e *Executor) Run(xs [][]float32, from, to int) ([][]float32, error) {
	if err := e.admit(xs, from, to); err != nil {
		return nil, err
	}
	p, err := e.plan(from, to)
	if err != nil {
		return nil, err
	}
	e.busy = time.Since(e.ended) < f32.Spin
	for f, x := range xs {
		for _, in := range p.in[f] {
			x = x[copy(in.Float32s(), x):]
		}
	}
	if err := e.run(p, len(xs)); err != nil {
		return nil, err
	}
	e.ended = time.Now()
	e.out = e.out[:0]
	for f := range xs {
		e.out = append(e.out, p.out[f])
	}
	return e.out, nil
}

// run computes a plan for so many frames. Steps that gain nothing from several
// frames are done frame by frame, so that what one leaves in the caches is there
// for the next.
func (e *Executor) run(p *plan, frames int) error {
	for i := 0; i < len(p.steps); {
		if s := &p.steps[i]; s.joint && frames > 1 {
			if err := e.apply(s, 0, frames); err != nil {
				return err
			}
			i++
			continue
		}
		alone := i
		for i < len(p.steps) && !(p.steps[i].joint && frames > 1) {
			i++
		}
		for f := range frames {
			for k := alone; k < i; k++ {
				if err := e.apply(&p.steps[k], f, f+1); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// apply computes one step for the frames [first, last).
func (e *Executor) apply(s *step, first, last int) error {
	var err error
	with := op.With{Clamp: s.clamp, Then: s.then, Team: e.threads(s.node, last-first), Scratch: e.scratch}
	first, last = first*s.samples, last*s.samples
	if j, ok := s.kernel.(op.Joint); ok && s.joint && last-first > 1 {
		err = j.ApplyAll(s.ys[first:last], s.firsts[first:last], with)
	} else {
		for i := first; i < last && err == nil; i++ {
			with.More = s.more[i]
			if s.others != nil {
				with.Then.Other = s.others[i].Float32s()
			}
			err = s.kernel.Apply(s.ys[i], s.xs[i], with)
		}
	}
	if err != nil && s.node >= 0 {
		return fmt.Errorf("run %s (%v): %w", e.net.name, e.net.nodes[s.node].Operation, err)
	}
	return err
}

// admit says why Run can't be done.
func (e *Executor) admit(xs [][]float32, from, to int) error {
	if err := e.net.within(from, to); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if from == to {
		return fmt.Errorf("run layers %d to %d of %s: %w: at least one layer is wanted", from, to, e.net.name, ErrRange)
	}
	if i := e.missing(from, to); i >= 0 {
		return fmt.Errorf("run layers %d to %d of %s: layer %d is %w: load it first", from, to, e.net.name, i, ErrNotResident)
	}
	if len(xs) < 1 || len(xs) > e.batch {
		return fmt.Errorf("run layer %d of %s: %w: %d frames, 1 to %d are allowed", from, e.net.name, ErrLength, len(xs), e.batch)
	}
	want := e.net.Size(from)
	for _, x := range xs {
		if len(x) != want {
			return fmt.Errorf("run layer %d of %s: %w: %d numbers, want %d for the shapes %v (%q)",
				from, e.net.name, ErrLength, len(x), want, e.net.Shapes(from), e.net.Tensors(from))
		}
	}
	return nil
}
