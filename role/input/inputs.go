package input

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// Inputs are all that a frame brings: one tensor after the other, in the network's order.
type Inputs struct {
	seed    uint64
	names   []string // of the sources; a bare one is ""
	sources []Source // none: random vectors
	ordered []Source // for each input of the network
}

// Open opens what --input names, so that a wrong name is found before anything else happens.
func Open(o Options) (*Inputs, error) {
	in := &Inputs{seed: o.Seed}
	if o.wake == nil {
		o.passed, o.wake = newPassed(o), func() {}
	}
	for _, text := range o.Paths {
		name, path := split(text)
		if o.named {
			name, path = "", text
		}
		if len(o.Paths) > 1 && name == "" {
			return nil, fmt.Errorf("--input %s: of several, each names its input, as in --input ids=tokens.npy", text)
		}
		if slices.Contains(in.names, name) {
			return nil, fmt.Errorf("--input %s: the input %q is given twice", text, name)
		}
		source, err := open(o, path)
		if err != nil {
			return nil, err
		}
		in.names, in.sources = append(in.names, name), append(in.sources, source)
	}
	return in, nil
}

// split takes name=path apart; a path may have a = in it.
func split(text string) (name, path string) {
	name, path, named := strings.Cut(text, "=")
	if _, err := os.Stat(text); !named || err == nil || isCamera(name) { // an address may have one, too
		return "", text
	}
	return name, path
}

// Fit prepares for frames of these inputs, or says why what is given can't be them.
func (in *Inputs) Fit(wanted []transport.Input) error {
	in.ordered = nil
	if len(in.sources) == 0 {
		for i := range wanted {
			in.ordered = append(in.ordered, &randomVector{seed: in.seed + uint64(i)})
		}
	} else if raw, is := in.sources[0].(*rawStream); is && in.names[0] == "" { // it has the frames as they are
		total := 0
		for _, w := range wanted {
			total += pipeline.Volume(w.Shape)
		}
		in.ordered, wanted = []Source{raw}, []transport.Input{{Shape: []int{total}}}
	} else if err := in.order(wanted); err != nil {
		return err
	}
	for i, source := range in.ordered {
		if err := source.Fit(wanted[i]); err != nil {
			return err
		}
	}
	return in.even(wanted)
}

// order finds the source for each input.
func (in *Inputs) order(wanted []transport.Input) error {
	var names []string
	for _, w := range wanted {
		names = append(names, w.Name)
		i := slices.Index(in.names, w.Name)
		if _, all := in.sources[0].(*archive); i < 0 && in.names[0] == "" && (all || len(wanted) == 1) {
			i = 0
		}
		if i < 0 {
			continue
		}
		source := in.sources[i]
		if all, is := source.(*archive); is {
			var err error
			if source, err = all.of(w.Name); err != nil {
				return err
			}
		}
		in.ordered = append(in.ordered, source)
	}
	for _, name := range in.names {
		if name != "" && !slices.Contains(names, name) {
			return fmt.Errorf("--input %s=…: the network has no such input: it takes %s", name, strings.Join(names, ", "))
		}
	}
	if len(in.ordered) < len(wanted) {
		return fmt.Errorf("--input: the network takes %s: give each, as in --input %s=FILE", strings.Join(names, ", "), names[0])
	}
	return nil
}

// even refuses sources of which some end before others: a single frame is there for all of them.
func (in *Inputs) even(wanted []transport.Input) error {
	most := in.Count()
	for i, s := range in.ordered {
		if n := s.Count(); n > 1 && n != most {
			return fmt.Errorf("--input: %q has %d frames, and another input has %d", wanted[i].Name, n, most)
		}
	}
	return nil
}

// Count is the number of different frames; 0: not known.
func (in *Inputs) Count() int {
	sources, most := in.ordered, 0
	if sources == nil {
		sources = in.sources
	}
	for _, s := range sources {
		most = max(most, s.Count())
	}
	return most
}

// Next returns the data of frame i, as Source.Next does.
func (in *Inputs) Next(i uint64) ([]float32, error) {
	if len(in.ordered) == 1 {
		return in.ordered[0].Next(i)
	}
	var all []float32
	for _, s := range in.ordered {
		data, err := s.Next(i)
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
	}
	return all, nil
}

// cameras are the sources that come at their own time.
func (in *Inputs) cameras() (all []*camera) {
	for _, s := range in.sources {
		if c, is := s.(*camera); is {
			all = append(all, c)
		}
	}
	return all
}

// ready reports whether Next waits for no camera.
func (in *Inputs) ready() bool {
	return !slices.ContainsFunc(in.cameras(), func(c *camera) bool { return !c.box.ready() })
}

// live reports whether a camera shows the present.
func (in *Inputs) live() bool {
	return slices.ContainsFunc(in.cameras(), func(c *camera) bool { return c.live })
}

// since is when the last byte of the last frame's picture arrived, of several the oldest; zero, where none has such a time.
func (in *Inputs) since() (at time.Time) {
	for _, c := range in.cameras() {
		if c.timed && (at.IsZero() || c.taken.Before(at)) {
			at = c.taken
		}
	}
	return at
}
