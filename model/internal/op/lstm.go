package op

// lstm is long short-term memory: Hochreiter and Schmidhuber 1997, with the
// peepholes of Gers and Schmidhuber 2000. Its gates are input, output, forget
// and cell:
//
//	c = f c + i g,  h = o tanh(c)
var lstm = &recurrence{name: "lstm", gates: 4, usual: []string{"Sigmoid", "Tanh", "Tanh"}, step: lstmStep}

func lstmStep(k *recurrentKernel, d *direction) {
	n := k.hidden
	for j := range n {
		gate := func(g int, peep float32) float64 {
			return k.bounded(d.wx[g*n+j] + d.rh[g*n+j] + peep)
		}
		c := d.c[j]
		i := d.of[0](gate(0, d.peep[j]*c))
		f := 1 - i
		if !k.coupled {
			f = d.of[0](gate(2, d.peep[2*n+j]*c))
		}
		c = float32(f*float64(c) + i*d.of[1](gate(3, 0)))
		o := d.of[0](gate(1, d.peep[n+j]*c))
		d.c[j], d.h[j] = c, float32(o*d.of[2](float64(c)))
	}
}
