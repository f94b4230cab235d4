package op

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func TestAttentionByHand(t *testing.T) {
	q, k, v := of(dims(1, 1, 2, 1), 0, 0), of(dims(1, 1, 2, 1), 1, 1), of(dims(1, 1, 2, 1), 2, 4)
	third := of(dims(1, 1, 1, 1), 9)
	mask := &Constant{Type: 9, Dims: []int64{2, 2}, ints: []int64{1, 0, 0, 0}}
	checkByHand(t, map[string]byHand{
		"a mean":         {"Attention", nil, in(q, k, v), []float32{3, 3}},
		"causal":         {"Attention", attr{"is_causal": 1}, in(q, k, v), []float32{2, 3}},
		"masked":         {"Attention", nil, in(q, k, v, mask), []float32{2, 0}},
		"biased":         {"Attention", nil, in(q, k, v, of(dims(2), 0, float32(math.Log(3)))), []float32{3.5, 3.5}},
		"a short mask":   {"Attention", nil, in(q, k, v, of(dims(2, 1), 0, 0)), []float32{2, 2}},
		"earlier ones":   {"Attention", nil, in(q, k, v, nil, third, third), []float32{5, 5}},
		"earlier causal": {"Attention", attr{"is_causal": 1}, in(q, k, v, nil, third, third), []float32{5.5, 5}},
		"all keys":       {"Attention", attr{"outputs": 2}, in(q, k, v, nil, third, third), []float32{9, 1, 1}},
		"all values":     {"Attention", attr{"outputs": 3}, in(q, k, v, nil, third, third), []float32{9, 2, 4}},
		"scores":         {"Attention", attr{"outputs": 4, "scale": 2.0}, in(of(dims(1, 1, 1, 1), 3), k, v), []float32{6, 6}},
		"bent scores":    {"Attention", attr{"outputs": 4, "qk_matmul_output_mode": 1, "softcap": 2.0}, in(of(dims(1, 1, 1, 1), 4), k, v, of(dims(2), 0, 1)), []float32{2 * float32(math.Tanh(2)), 2 * float32(math.Tanh(2))}},
		"biased scores":  {"Attention", attr{"outputs": 4, "qk_matmul_output_mode": 2, "softcap": 2.0}, in(of(dims(1, 1, 1, 1), 4), k, v, of(dims(2), 0, 1)), []float32{2 * float32(math.Tanh(2)), 2*float32(math.Tanh(2)) + 1}},
		"probabilities":  {"Attention", attr{"outputs": 4, "qk_matmul_output_mode": 3}, in(q, k, v), []float32{0.5, 0.5, 0.5, 0.5}},
		"some are there": {"Attention", attr{"opset": 24}, in(q, k, v, nil, nil, nil, integers(1)), []float32{2, 2}},
		"shared keys":    {"Attention", attr{"q_num_heads": 2, "kv_num_heads": 1}, in(of(dims(1, 1, 2), 0, 0), of(dims(1, 2, 1), 1, 1), of(dims(1, 2, 1), 2, 4)), []float32{3, 3}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"heads": node("Attention", nil, of(dims(1, 1, 2), 0, 0), k, v),
		"sizes": node("Attention", nil, q, of(dims(1, 1, 1, 2), 0, 0), v),
		"mask":  node("Attention", nil, q, k, v, dense(dims(3, 2))),
		"mode":  node("Attention", attr{"qk_matmul_output_mode": 4}, q, k, v),
	})
}

// One head is a product, a softmax and a product of the oracle.
func TestAttentionAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		heads, queries, keys, size, out := 1+r.IntN(3), 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(9)
		q, k, v := random(r, 1, heads, queries, size), random(r, 1, heads, keys, size), random(r, 1, heads, keys, out)
		var want []float32
		for h := range heads {
			part := func(x *tensor.Dense, rows, cols int) *tensor.Dense {
				return of(dims(rows, cols), x.Float32s()[h*rows*cols:][:rows*cols]...)
			}
			turned := part(k, keys, size)
			if err := turned.T(); err != nil {
				t.Fatal(err)
			}
			scores := over(make([]float32, queries*keys), dims(queries, keys))
			if _, err := tensor.MatMul(part(q, queries, size), turned, tensor.WithReuse(scores)); err != nil {
				t.Fatal(err)
			}
			scaleBy(scores.Float32s(), float32(1/math.Sqrt(float64(size))))
			shares, err := tensor.SoftMax(scores, 1)
			if err != nil {
				t.Fatal(err)
			}
			y, err := tensor.MatMul(over(slices.Clone(shares.(*tensor.Dense).Float32s()), dims(queries, keys)), part(v, keys, out))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, y.(*tensor.Dense).Float32s()...)
		}
		alike(t, "Attention", compute(t, "Attention", nil, q, k, v), want, 1e-5)
	})
}

func TestRotaryEmbeddingByHand(t *testing.T) {
	x := of(dims(1, 1, 1, 4), 1, 2, 3, 4)
	cos, sin := reals(dims(1, 1, 2), 0, 1), reals(dims(1, 1, 2), 1, 0)
	table, other := reals(dims(2, 2), 1, 1, 0, 1), reals(dims(2, 2), 0, 0, 1, 0)
	checkByHand(t, map[string]byHand{
		"halves":      {"RotaryEmbedding", nil, in(x, cos, sin), []float32{-3, 2, 1, 4}},
		"interleaved": {"RotaryEmbedding", attr{"interleaved": 1}, in(x, cos, sin), []float32{-2, 1, 3, 4}},
		"positions":   {"RotaryEmbedding", nil, in(x, table, other, integers(1)), []float32{-3, 2, 1, 4}},
		"a part":      {"RotaryEmbedding", attr{"rotary_embedding_dim": 2}, in(x, reals(dims(1, 1, 1), 0), reals(dims(1, 1, 1), 1)), []float32{-2, 1, 3, 4}},
		"two heads":   {"RotaryEmbedding", attr{"num_heads": 2}, in(of(dims(1, 1, 4), 1, 2, 3, 4), reals(dims(1, 1, 1), 0), reals(dims(1, 1, 1), 1)), []float32{-2, 1, -4, 3}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{"angles": node("RotaryEmbedding", nil, x, cos, reals(dims(1, 1, 1), 1))})
}
