package model

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// Default is the network of the original: dense 100→2000, dense 2000→2000, with
// weights made from seed, the same on every node and architecture. Each layer
// has a random stream of its own, so that a node makes its own slice only.
func Default(seed uint64) *Network {
	n := &Network{
		name:   "dense-100-2000-2000",
		values: []value{{names: []string{"input"}, dims: []int{100}, holds: onnx.Float32}},
	}
	for i, name := range []string{"hidden", "output"} {
		const width = 2000
		d := op.NewDense(op.Volume(n.values[i].dims), width, 1, true, seeded{seed, uint64(i)})
		n.values = append(n.values, value{names: []string{name}, dims: []int{width}, holds: onnx.Float32})
		n.nodes = append(n.nodes, node{d, []int{i}, []int{i + 1}})
	}
	_ = n.follow(1, []int{2}, 3) // one value is alive at each boundary
	// The scheme's version is part of the digest: change it whenever seeded
	// makes other numbers.
	about := fmt.Sprintf("tandem %s, seeded weights version 1, seed %d", n.name, seed)
	n.digest = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(about)))
	return n
}

// seeded makes the weights of one layer, uniform in ±sqrt(3/in): a variance of
// 1/in, with which activations keep the variance of the input however many
// layers there are (LeCun et al., Efficient BackProp, 1998).
type seeded struct{ seed, layer uint64 }

func (s seeded) Read(w *f32.Matrix, b []float32) error {
	scale := float32(math.Sqrt(3 / float64(w.Cols())))
	stream := rand.NewPCG(s.seed, s.layer)
	some := min(w.Rows(), 64) // an even number of weights at a time: uniform draws two at once
	block := make([]float32, some*w.Cols())
	for from := 0; from < w.Rows(); from += some {
		block := block[:min(some, w.Rows()-from)*w.Cols()]
		uniform(block, scale, stream)
		w.SetRows(from, block)
	}
	uniform(b, scale, stream)
	return nil
}

// uniform fills dst with multiples of scale/2^23 in ±scale, two from each draw.
// Every step is exact but the last product, which IEEE 754 rounds alike
// everywhere.
func uniform(dst []float32, scale float32, stream *rand.PCG) {
	number := func(bits uint32) float32 { return float32(int32(bits)>>8) / (1 << 23) * scale }
	for i := 0; i < len(dst); i += 2 {
		draw := stream.Uint64()
		dst[i] = number(uint32(draw >> 32))
		if i+1 < len(dst) {
			dst[i+1] = number(uint32(draw))
		}
	}
}
