package op

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// Where the weights of one group can't be stored in fewer bits, they stay as they
// are, and those of the other group are stored.
func TestGroupsInFewerBits(t *testing.T) {
	const in, out, rows, cols, size = 1024, 256, 128, 512, 16
	r := rand.New(rand.NewPCG(5, 6))
	weights, x := someNumbers(r, out*cols), someNumbers(r, in*size)
	weights[7] = 1e5 // no half precision has it
	c := &convOp{in: in, out: out, samples: 1, groups: 2, weights: &Constant{Dims: []int64{out, cols, 1, 1}, reals: weights},
		window: window{h: 4, w: 4, kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, oh: 4, ow: 4}}
	kernel, err := c.Load()
	if err != nil {
		t.Fatal(err)
	}
	k := kernel.(*convKernel)
	defer k.Free()
	k.Store(f32.Float16)
	if first, second := k.matrices[0].Format(), k.matrices[1].Format(); first != f32.Float32 || second != f32.Float16 {
		t.Fatalf("the groups are stored as %v and %v", first, second)
	}
	team := f32.NewTeam(2)
	defer team.Close()
	for _, team := range []*f32.Team{nil, team} {
		threads := 1
		if team != nil {
			threads = team.Threads()
		}
		y := tensor.New(tensor.WithShape(1, out, 4, 4), tensor.Of(tensor.Float32))
		xs := []*tensor.Dense{tensor.New(tensor.WithShape(1, in, 4, 4), tensor.WithBacking(x))}
		if err := k.Apply(y, xs, With{Clamp: f32.Linear, Team: team, Scratch: make([]float32, k.Scratch(threads))}); err != nil {
			t.Fatal(err)
		}
		for i, v := range y.Float32s() {
			want, scale := 0.0, 1.0
			for col := range cols {
				part := float64(weights[i/size*cols+col]) * float64(x[(i/size/rows*cols+col)*size+i%size])
				want, scale = want+part, scale+math.Abs(part)
			}
			if math.Abs(float64(v)-want) > scale/1000 {
				t.Fatalf("%d threads: output %d is %v, want %v", threads, i, v, want)
			}
		}
	}
}
