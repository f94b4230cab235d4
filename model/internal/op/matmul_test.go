package op

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func TestProductsByHand(t *testing.T) {
	a, b := of(dims(2, 2), 1, 2, 3, 4), of(dims(2, 2), 5, 6, 7, 8)
	ab := []float32{19, 22, 43, 50}
	checkByHand(t, map[string]byHand{
		"two activations":     {"MatMul", nil, in(a, b), ab},
		"a constant first":    {"MatMul", nil, in(reals(dims(2, 2), 1, 2, 3, 4), b), ab},
		"batches of weights":  {"MatMul", nil, in(of(dims(2, 1, 1), 2, 3), reals(dims(2, 1, 1), 10, 100)), []float32{20, 300}},
		"a batch is repeated": {"MatMul", nil, in(of(dims(2, 1, 1), 2, 3), of(dims(1, 1), 10)), []float32{20, 30}},
		"vectors":             {"MatMul", nil, in(of(dims(2), 1, 2), of(dims(2), 3, 4)), []float32{11}},
		"a vector":            {"MatMul", nil, in(a, of(dims(2), 1, 10)), []float32{21, 43}},
		"a vector of weights": {"MatMul", nil, in(of(dims(2), 1, 10), reals(dims(2, 2), 1, 2, 3, 4)), []float32{31, 42}},
		"folded":              {"MatMul", nil, in(reals(dims(2, 2), 1, 2, 3, 4), reals(dims(2, 2), 5, 6, 7, 8)), ab},
		"gemm":                {"Gemm", attr{"alpha": 2.0, "beta": 3.0}, in(a, b, of(dims(2, 1), 1, 2)), []float32{41, 47, 92, 106}},
		"gemm, transposed":    {"Gemm", attr{"transA": 1, "transB": 1}, in(a, b, of(dims(2, 2), 1, 2, 3, 4)), []float32{24, 33, 37, 50}},
		"gemm, rows of bias":  {"Gemm", nil, in(a, reals(dims(2, 2), 5, 6, 7, 8), reals(dims(2, 1), 1, 2)), []float32{20, 23, 45, 52}},
		"gemm, no summand":    {"Gemm", nil, in(a, b), ab},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"sizes":   node("MatMul", nil, a, of(dims(3, 1), 1, 2, 3)),
		"batches": node("MatMul", nil, dense(dims(2, 1, 1)), dense(dims(3, 1, 1))),
		"numbers": node("MatMul", nil, a, reals(nil, 1)),
	})
}

func TestEinsumByHand(t *testing.T) {
	a, b := of(dims(2, 2), 1, 2, 3, 4), of(dims(2, 2), 5, 6, 7, 8)
	checkByHand(t, map[string]byHand{
		"a product":       {"Einsum", attr{"equation": "ij, jk -> ik"}, in(a, b), []float32{19, 22, 43, 50}},
		"implicit":        {"Einsum", attr{"equation": "ij,jk"}, in(a, b), []float32{19, 22, 43, 50}},
		"transposed":      {"Einsum", attr{"equation": "ij->ji"}, in(a), []float32{1, 3, 2, 4}},
		"a sum":           {"Einsum", attr{"equation": "ij->i"}, in(a), []float32{3, 7}},
		"a trace":         {"Einsum", attr{"equation": "ii"}, in(a), []float32{5}},
		"a diagonal":      {"Einsum", attr{"equation": "...ii->...i"}, in(of(dims(1, 2, 2), 1, 2, 3, 4)), []float32{1, 4}},
		"attention":       {"Einsum", attr{"equation": "bhid,bhjd->bhij"}, in(of(dims(1, 1, 2, 2), 1, 2, 3, 4), of(dims(1, 1, 2, 2), 5, 6, 7, 8)), []float32{17, 23, 39, 53}},
		"ellipses":        {"Einsum", attr{"equation": "...ij,jk->...ik"}, in(of(dims(1, 2, 2), 1, 2, 3, 4), reals(dims(2, 2), 5, 6, 7, 8)), []float32{19, 22, 43, 50}},
		"three":           {"Einsum", attr{"equation": "ij,jk,kl->il"}, in(a, b, reals(dims(2, 1), 1, 10)), []float32{239, 543}},
		"of three, a sum": {"Einsum", attr{"equation": "i,j,i->j"}, in(of(dims(2), 1, 2), of(dims(2), 3, 4), of(dims(2), 5, 6)), []float32{51, 68}},
		"four":            {"Einsum", attr{"equation": "i,j,k,kj"}, in(of(dims(2), 1, 2), of(dims(1), 3), of(dims(1), 4), of(dims(1, 1), 5)), []float32{60, 120}},
		"outer":           {"Einsum", attr{"equation": "i,j->ij"}, in(of(dims(2), 1, 2), of(dims(2), 3, 4)), []float32{3, 4, 6, 8}},
		"one is repeated": {"Einsum", attr{"equation": "ij,ij->i"}, in(a, of(dims(2, 1), 10, 100)), []float32{30, 700}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"letters": node("Einsum", attr{"equation": "ijk->i"}, a),
		"sizes":   node("Einsum", attr{"equation": "ij,ij->i"}, a, dense(dims(2, 3))),
		"result":  node("Einsum", attr{"equation": "ij->k"}, a),
	})
}

// Products of activations are those of the oracle, matrix by matrix.
func TestProductsAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		batch, m, k, n := 1+r.IntN(3), 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(40)
		a, b := random(r, batch, m, k), random(r, batch, k, n)
		var want []float32
		for i := range batch {
			y, err := tensor.MatMul(of(dims(m, k), a.Float32s()[i*m*k:][:m*k]...), of(dims(k, n), b.Float32s()[i*k*n:][:k*n]...))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, y.(*tensor.Dense).Float32s()...)
		}
		alike(t, "MatMul", compute(t, "MatMul", nil, a, b), want, 1e-5)
		alike(t, "MatMul", compute(t, "MatMul", nil, a, reals(b.Shape(), b.Float32s()...)), want, 1e-5)
		alike(t, "Einsum", compute(t, "Einsum", attr{"equation": "bmk,bkn->bmn"}, a, b), want, 1e-5)
		y := compute(t, "Einsum", attr{"equation": "bmk,bkn->nbm"}, a, b)
		turned := over(slices.Clone(want), dims(batch, m, n))
		if err := turned.T(2, 0, 1); err == nil && turned.Transpose() == nil {
			alike(t, "Einsum", y, turned.Float32s(), 1e-5)
		}
	})
}
