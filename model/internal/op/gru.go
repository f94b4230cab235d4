package op

import "tandem/model/internal/f32"

// gru is the gated recurrent unit: Cho et al. 2014. Its gates are update, reset
// and hidden:
//
//	h = (1-z) g(W x + R (r h)) + z h,  or with linear_before_reset  g(W x + r (R h))
var gru = &recurrence{name: "gru", gates: 3, usual: []string{"Sigmoid", "Tanh"}, step: gruStep}

func gruStep(k *recurrentKernel, d *direction) {
	n := k.hidden
	gate := func(g, j int, rh float32) float64 { return k.bounded(d.wx[g*n+j] + rh) }
	// The reset gates come first, since all hidden numbers mix in R (r h).
	for j := range n {
		r := float32(d.of[0](gate(1, j, d.rh[n+j])))
		if d.spare[j] = r * d.h[j]; k.reset {
			d.rh[2*n+j] *= r
		}
		d.wx[j] = float32(d.of[0](gate(0, j, d.rh[j])))
	}
	if !k.reset {
		d.r.Affine(d.rh, d.spare, d.bias[3*n:], f32.Linear)
	}
	for j := range n {
		z := d.wx[j]
		d.h[j] = (1-z)*float32(d.of[1](gate(2, j, d.rh[2*n+j]))) + z*d.h[j]
	}
}
