package op

import "tandem/model/internal/f32"

// rnn is the plain recurrent cell, h = tanh(W x + R h): Elman 1990.
var rnn = &recurrence{name: "rnn", gates: 1, usual: []string{"Tanh"}, step: rnnStep}

func rnnStep(k *recurrentKernel, d *direction) {
	f32.Add.Apply(d.h, d.wx, d.rh, f32.Linear)
	k.opens(d.of[0], d.h)
}
