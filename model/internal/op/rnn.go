package op

// rnn is the plain recurrent cell, h = tanh(W x + R h): Elman 1990.
var rnn = &recurrence{name: "rnn", gates: 1, usual: []string{"Tanh"}, step: rnnStep}

func rnnStep(k *recurrentKernel, d *direction) {
	for j := range d.h {
		d.h[j] = float32(d.of[0](k.bounded(d.wx[j] + d.rh[j])))
	}
}
