package op

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Lines that are long enough for the kernels of package f32 give what the definitions give.
func TestLongLines(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		rows, n, inner := 1+r.IntN(40), 1+r.IntN(1500), 1+r.IntN(300)
		x := random(r, 1, rows, n)
		reduced := map[string]func(line []float32) float64{
			"ReduceMax":  func(line []float32) float64 { return fold(line, math.Inf(-1), math.Max) },
			"ReduceMin":  func(line []float32) float64 { return fold(line, math.Inf(1), math.Min) },
			"ReduceMean": func(line []float32) float64 { return fold(line, 0, plus) / float64(len(line)) },
		}
		for name, of := range reduced {
			var want []float32
			for i := range rows {
				want = append(want, float32(of(x.Float32s()[i*n:][:n])))
			}
			alike(t, name, compute(t, name, attr{"axes": []int64{2}, "keepdims": 0}, x), want, 1e-5)
			x.Float32s()[r.IntN(n)] = float32(math.NaN())
			if v := compute(t, name, attr{"axes": []int64{2}, "keepdims": 0}, x).Float32s()[0]; v == v {
				t.Fatalf("%s of a line with NaN is %v", name, v)
			}
			x = random(r, 1, rows, n)
		}
		across := random(r, 2, 1+r.IntN(7), inner)
		along := across.Shape()[1]
		want := make([]float32, len(across.Float32s()))
		for o := range 2 {
			for i := range inner {
				top, sum := math.Inf(-1), 0.0
				for k := range along {
					top = max(top, float64(across.Float32s()[(o*along+k)*inner+i]))
				}
				for k := range along {
					sum += math.Exp(float64(across.Float32s()[(o*along+k)*inner+i]) - top)
				}
				for k := range along {
					at := (o*along+k)*inner + i
					want[at] = float32(math.Exp(float64(across.Float32s()[at])-top) / sum)
				}
			}
		}
		alike(t, "Softmax", compute(t, "Softmax", attr{"axis": 1, "opset": 13}, across), want, 1e-6)

		scale, bias := random(r, n), random(r, n)
		want = want[:0]
		for i := range rows {
			line := x.Float32s()[i*n:][:n]
			mean, squares := fold(line, 0, plus)/float64(n), 0.0
			for _, v := range line {
				squares += (float64(v) - mean) * (float64(v) - mean)
			}
			for k, v := range line {
				want = append(want, float32((float64(v)-mean)/math.Sqrt(squares/float64(n)+1e-5)*float64(scale.Float32s()[k])+float64(bias.Float32s()[k])))
			}
		}
		alike(t, "LayerNormalization", compute(t, "LayerNormalization", nil, x, reals(dims(n), scale.Float32s()...), reals(dims(n), bias.Float32s()...)), want, 1e-4)
	})
}

func plus(a, b float64) float64 { return a + b }

func fold(line []float32, from float64, f func(a, b float64) float64) float64 {
	for _, v := range line {
		from = f(from, float64(v))
	}
	return from
}
