package op

import (
	"fmt"
	"math"
	"strings"

	"tandem/model/internal/f32"
)

// activation is a function that a recurrent cell applies to its gates, in place.
type activation func(x []float32)

// oneByOne is an activation that has no kernel.
func oneByOne(f func(x float64) float64) activation {
	return func(x []float32) {
		for i, v := range x {
			x[i] = float32(f(float64(v)))
		}
	}
}

// inPlace is one that has.
func inPlace(f f32.Function) activation { return func(x []float32) { f.Apply(x, x) } }

// directions reads which ways a cell goes through the sequence, and the
// activations of each.
func (l *recurrentOp) directions(n *Node) error {
	ways := map[string][]bool{"forward": {false}, "reverse": {true}, "bidirectional": {false, true}}[n.word("direction", "forward")]
	if len(ways) != len(l.dirs) {
		return fmt.Errorf("%w: direction %.20q with weights for %d", ErrMalformed, n.word("direction", "forward"), len(l.dirs))
	}
	names := l.of.usual
	if a := n.Attribute("activations"); a != nil && len(a.Strings) > 0 {
		names = a.Strings
	} else if len(l.dirs) == 2 {
		names = append(names[:len(names):len(names)], names...)
	}
	each := len(l.of.usual)
	if len(names) != each*len(l.dirs) {
		return fmt.Errorf("%w: activations %.80q", ErrMalformed, names)
	}
	var alphas, betas []float32
	if a := n.Attribute("activation_alpha"); a != nil {
		alphas = a.Floats
	}
	if a := n.Attribute("activation_beta"); a != nil {
		betas = a.Floats
	}
	for i, name := range names {
		f, err := activated(name, &alphas, &betas)
		if err != nil {
			return err
		}
		d := &l.dirs[i/each]
		d.of, d.backward = append(d.of, f), ways[i/each]
	}
	return nil
}

// activated finds an activation by its name. Those that have parameters take the
// next of the lists, as long as there are some.
func activated(name string, alphas, betas *[]float32) (activation, error) {
	next := func(list *[]float32, otherwise float64) float64 {
		if len(*list) == 0 {
			return otherwise
		}
		v := (*list)[0]
		*list = (*list)[1:]
		return float64(v)
	}
	switch strings.ToLower(name) {
	case "relu":
		return oneByOne(func(x float64) float64 { return max(x, 0) }), nil
	case "tanh":
		return inPlace(f32.Tanh), nil
	case "sigmoid":
		return inPlace(f32.Sigmoid), nil
	case "softsign":
		return oneByOne(softsign), nil
	case "softplus":
		return oneByOne(softplus), nil
	case "affine":
		a, b := next(alphas, 1), next(betas, 0)
		return oneByOne(func(x float64) float64 { return a*x + b }), nil
	case "scaledtanh":
		a, b := next(alphas, 1), next(betas, 1)
		return oneByOne(func(x float64) float64 { return a * math.Tanh(b*x) }), nil
	case "hardsigmoid":
		a, b := next(alphas, 0.2), next(betas, 0.5)
		return oneByOne(func(x float64) float64 { return min(max(a*x+b, 0), 1) }), nil
	case "leakyrelu":
		a := next(alphas, 0.01)
		return oneByOne(func(x float64) float64 { return below(x, a*x) }), nil
	case "thresholdedrelu":
		a := next(alphas, 1)
		return oneByOne(func(x float64) float64 {
			if x <= a {
				return 0
			}
			return x
		}), nil
	case "elu":
		a := next(alphas, 1)
		return oneByOne(func(x float64) float64 { return below(x, a*math.Expm1(x)) }), nil
	}
	return nil, fmt.Errorf("activation %.40q: %w", name, ErrUnsupported)
}

// opens applies an activation to a gate, within the clip of the node.
func (l *recurrentOp) opens(f activation, gate []float32) {
	if l.clip > 0 {
		f32.Bounded(f32.Clamp{Min: -l.clip, Max: l.clip}).Apply(gate, gate)
	}
	f(gate)
}
