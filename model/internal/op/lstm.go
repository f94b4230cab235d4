package op

import "tandem/model/internal/f32"

// lstm is long short-term memory: Hochreiter and Schmidhuber 1997, with the
// peepholes of Gers and Schmidhuber 2000. Its gates are input, output, forget
// and cell:
//
//	c = f c + i g,  h = o tanh(c)
var lstm = &recurrence{name: "lstm", gates: 4, usual: []string{"Sigmoid", "Tanh", "Tanh"}, step: lstmStep}

func lstmStep(k *recurrentKernel, d *direction) {
	n := k.hidden
	gate := func(g int) []float32 { return d.wx[g*n:][:n] }
	i, o, f, g := gate(0), gate(1), gate(2), gate(3)
	f32.Add.Apply(d.wx, d.wx, d.rh, f32.Linear)
	// A peephole adds what a gate sees of the cell.
	peep := func(gate []float32, p int) {
		if !d.peeps {
			return
		}
		f32.Multiply.Apply(d.spare, d.peep[p*n:][:n], d.c, f32.Linear)
		f32.Add.Apply(gate, gate, d.spare, f32.Linear)
	}
	peep(i, 0)
	peep(f, 2)
	k.opens(d.of[0], i)
	if k.coupled {
		for j, v := range i {
			f[j] = 1 - v
		}
	} else {
		k.opens(d.of[0], f)
	}
	k.opens(d.of[1], g)
	f32.Multiply.Apply(g, g, i, f32.Linear)
	f32.Multiply.Apply(d.c, d.c, f, f32.Linear)
	f32.Add.Apply(d.c, d.c, g, f32.Linear)
	peep(o, 1)
	k.opens(d.of[0], o)
	copy(d.h, d.c)
	d.of[2](d.h)
	f32.Multiply.Apply(d.h, d.h, o, f32.Linear)
}
