package op

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// One number, one step: everything can be computed by hand.
func TestRecurrentByHand(t *testing.T) {
	x := of(dims(2, 1, 1), 1, 2)
	one := func(gates int) *Constant { return reals(dims(1, gates, 1), slices.Repeat([]float32{1}, gates)...) }
	h := []float64{math.Tanh(1), 0}
	h[1] = math.Tanh(2 + h[0])
	checkByHand(t, map[string]byHand{
		"rnn":           {"RNN", nil, in(x, one(1), one(1)), []float32{float32(h[0]), float32(h[1])}},
		"its last":      {"RNN", attr{"outputs": 2}, in(x, one(1), one(1)), []float32{float32(h[1])}},
		"its biases":    {"RNN", attr{"activations": []string{"Relu"}}, in(x, one(1), one(1), reals(dims(1, 2), 10, 100)), []float32{111, 223}},
		"its start":     {"RNN", attr{"activations": []string{"Relu"}}, in(x, one(1), one(1), nil, nil, of(dims(1, 1, 1), 5)), []float32{6, 8}},
		"reversed":      {"RNN", attr{"direction": "reverse", "activations": []string{"Relu"}}, in(x, one(1), one(1)), []float32{3, 2}},
		"both ways":     {"RNN", attr{"direction": "bidirectional", "activations": []string{"Relu", "Relu"}}, in(x, reals(dims(2, 1, 1), 1, 1), reals(dims(2, 1, 1), 1, 1)), []float32{1, 3, 3, 2}},
		"a length":      {"RNN", attr{"activations": []string{"Relu"}}, in(x, one(1), one(1), nil, integers(1)), []float32{1, 0}},
		"clipped":       {"RNN", attr{"clip": 1.5, "activations": []string{"Relu"}}, in(x, one(1), one(1)), []float32{1, 1.5}},
		"affine":        {"RNN", attr{"activations": []string{"Affine"}, "activation_alpha": []float32{2}, "activation_beta": []float32{1}}, in(x, one(1), one(1)), []float32{3, 11}},
		"batch first":   {"RNN", attr{"layout": 1, "activations": []string{"Relu"}}, in(of(dims(1, 2, 1), 1, 2), one(1), one(1)), []float32{1, 3}},
		"lstm, its c":   {"LSTM", attr{"outputs": 3, "activations": []string{"Affine", "Affine", "Affine"}}, in(of(dims(1, 1, 1), 2), reals(dims(1, 4, 1), 1, 10, 100, 3), one(4)), []float32{12}},
		"lstm, its h":   {"LSTM", attr{"activations": []string{"Affine", "Affine", "Affine"}}, in(of(dims(1, 1, 1), 2), reals(dims(1, 4, 1), 1, 10, 100, 3), one(4)), []float32{240}},
		"lstm, coupled": {"LSTM", attr{"outputs": 3, "input_forget": 1, "activations": []string{"Affine", "Affine", "Affine"}}, in(of(dims(1, 1, 1), 2), reals(dims(1, 4, 1), 1, 10, 100, 3), reals(dims(1, 4, 1), 0, 0, 0, 0), nil, nil, nil, of(dims(1, 1, 1), 7)), []float32{12 - 7}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"gates":     node("LSTM", nil, x, one(3), one(3)),
		"direction": node("RNN", attr{"direction": "bidirectional"}, x, one(1), one(1)),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{"activation": node("RNN", attr{"activations": []string{"Sine"}}, x, one(1), one(1))})
}

// A cell is what its formula says, number by number, whether the weights are
// constants or come with the frame.
func TestGatedCellsAgainstFormula(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		steps, inputs, hidden := 1+r.IntN(4), 1+r.IntN(5), 1+r.IntN(5)
		for name, gates := range map[string]int{"LSTM": 4, "GRU": 3} {
			x, w, u, b := random(r, steps, 1, inputs), random(r, 1, gates*hidden, inputs), random(r, 1, gates*hidden, hidden), random(r, 1, 2*gates*hidden)
			for _, reset := range []int{0, 1} {
				want := formula(name, reset == 1, steps, inputs, hidden, x, w, u, b)
				a := attr{"linear_before_reset": reset}
				alike(t, name, compute(t, name, a, x, w, u, b), want, 1e-4)
				alike(t, name, compute(t, name, a, x, weights(w.Shape(), w.Float32s()...), weights(u.Shape(), u.Float32s()...), b), want, 1e-4)
			}
		}
	})
}

func formula(name string, reset bool, steps, inputs, hidden int, x, w, u, b *tensor.Dense) (all []float32) {
	h, c := make([]float64, hidden), make([]float64, hidden)
	gates := b.Size() / hidden / 2
	times := func(m *tensor.Dense, v []float64, row int) (sum float64) {
		for i, x := range v {
			sum += float64(m.Float32s()[row*len(v)+i]) * x
		}
		return sum
	}
	for s := range steps {
		now := make([]float64, inputs)
		for i := range now {
			now[i] = float64(x.Float32s()[s*inputs+i])
		}
		wx := func(g, j int) float64 { return times(w, now, g*hidden+j) + float64(b.Float32s()[g*hidden+j]) }
		bias := func(g, j int) float64 { return float64(b.Float32s()[(gates+g)*hidden+j]) }
		uh := func(g, j int, h []float64) float64 { return times(u, h, g*hidden+j) + bias(g, j) }
		sigmoid := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
		next, gone := make([]float64, hidden), make([]float64, hidden)
		for j := range hidden {
			gone[j] = sigmoid(wx(1, j)+uh(1, j, h)) * h[j]
		}
		for j := range hidden {
			if name == "LSTM" {
				i, o, f := sigmoid(wx(0, j)+uh(0, j, h)), sigmoid(wx(1, j)+uh(1, j, h)), sigmoid(wx(2, j)+uh(2, j, h))
				c[j] = f*c[j] + i*math.Tanh(wx(3, j)+uh(3, j, h))
				next[j] = o * math.Tanh(c[j])
				continue
			}
			z := sigmoid(wx(0, j) + uh(0, j, h))
			g := math.Tanh(wx(2, j) + uh(2, j, gone))
			if reset {
				g = math.Tanh(wx(2, j) + sigmoid(wx(1, j)+uh(1, j, h))*uh(2, j, h))
			}
			next[j] = (1-z)*g + z*h[j]
		}
		h = next
		for _, v := range h {
			all = append(all, float32(v))
		}
	}
	return all
}
