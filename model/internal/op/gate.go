package op

import (
	"fmt"
	"math"
	"strings"
)

// activation is a function that a recurrent cell applies to its gates.
type activation func(x float64) float64

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
		return func(x float64) float64 { return max(x, 0) }, nil
	case "tanh":
		return math.Tanh, nil
	case "sigmoid":
		return logistic, nil
	case "softsign":
		return softsign, nil
	case "softplus":
		return softplus, nil
	case "affine":
		a, b := next(alphas, 1), next(betas, 0)
		return func(x float64) float64 { return a*x + b }, nil
	case "scaledtanh":
		a, b := next(alphas, 1), next(betas, 1)
		return func(x float64) float64 { return a * math.Tanh(b*x) }, nil
	case "hardsigmoid":
		a, b := next(alphas, 0.2), next(betas, 0.5)
		return func(x float64) float64 { return min(max(a*x+b, 0), 1) }, nil
	case "leakyrelu":
		a := next(alphas, 0.01)
		return func(x float64) float64 { return below(x, a*x) }, nil
	case "thresholdedrelu":
		a := next(alphas, 1)
		return func(x float64) float64 {
			if x <= a {
				return 0
			}
			return x
		}, nil
	case "elu":
		a := next(alphas, 1)
		return func(x float64) float64 { return below(x, a*math.Expm1(x)) }, nil
	}
	return nil, fmt.Errorf("activation %.40q: %w", name, ErrUnsupported)
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// bounded is what enters an activation, within the clip of the node.
func (l *recurrentOp) bounded(x float32) float64 {
	if l.clip > 0 {
		x = min(max(x, -l.clip), l.clip)
	}
	return float64(x)
}
