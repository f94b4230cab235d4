package op

import "tandem/model/internal/f32"

// gru is the gated recurrent unit: Cho et al. 2014. Its gates are update, reset
// and hidden:
//
//	h = (1-z) g(W x + R (r h)) + z h,  or with linear_before_reset  g(W x + r (R h))
var gru = &recurrence{name: "gru", gates: 3, usual: []string{"Sigmoid", "Tanh"}, step: gruStep}

func gruStep(k *recurrentKernel, d *direction) {
	n := k.hidden
	z, r, g := d.wx[:n], d.wx[n:2*n], d.wx[2*n:]
	f32.Add.Apply(d.wx[:2*n], d.wx[:2*n], d.rh[:2*n], f32.Linear)
	k.opens(d.of[0], d.wx[:2*n])
	if k.reset {
		f32.Multiply.Apply(d.rh[2*n:], d.rh[2*n:], r, f32.Linear)
	} else {
		f32.Multiply.Apply(d.spare, r, d.h, f32.Linear)
		d.r.Affine(d.rh, d.spare, d.bias[3*n:], f32.Linear)
	}
	f32.Add.Apply(g, g, d.rh[2*n:], f32.Linear)
	k.opens(d.of[1], g)
	f32.Multiply.Apply(d.h, d.h, z, f32.Linear)
	for j, v := range z {
		z[j] = 1 - v
	}
	f32.Multiply.Apply(g, g, z, f32.Linear)
	f32.Add.Apply(d.h, d.h, g, f32.Linear)
}
