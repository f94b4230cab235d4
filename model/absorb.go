package model

import (
	"fmt"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// absorb lets the operation that makes a value do what a node behind it does,
// where that is no more than a factor and a summand for each channel: a batch
// normalisation, or a bias that is added, costs nothing in the weights of a
// convolution. Nobody else may use the value, which becomes the node's output.
func (imp *importer) absorb(n *onnx.Node, name string, r op.Result) bool {
	by, scales := r.Operation.(op.Scaler)
	if !scales || len(r.From) != 1 {
		return false
	}
	input := n.Inputs[r.From[0]]
	v := imp.made[input]
	k, made := imp.maker[v]
	if !made || len(imp.net.values[v].names) > 1 || imp.uses[input] > 1 {
		return false
	}
	o, can := imp.net.nodes[k].Operation.(op.Absorber)
	if !can || !o.Absorb(by, imp.net.values[v].dims) {
		return false
	}
	delete(imp.made, input)
	imp.gone[input] = gone{v, fmt.Sprintf("the %s behind it is done with it", n.Op)}
	for _, in := range n.Inputs {
		if imp.constants[in] != nil {
			imp.gone[in] = gone{v, "it is a weight"}
		}
	}
	imp.net.values[v].names = nil
	imp.alias(v, name)
	return true
}
