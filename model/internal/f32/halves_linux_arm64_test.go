package f32

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// The tile gives the same to the last bit, however it loads.
func TestHalves(t *testing.T) {
	defer func(was bool) { loadsHalves = was }(loadsHalves)
	for _, k := range []int{1, 2, 3, 18, 19, 40} {
		for _, rows := range []int{8, 16, 21} {
			const n = 29
			r := rand.New(rand.NewPCG(uint64(k), uint64(rows)))
			m := packFor(neon64, rows, k, random(r, rows*k))
			bias, b := random(r, rows), random(r, k*n)
			var c [2][]float32
			for i := range c {
				loadsHalves = i == 1
				c[i] = make([]float32, rows*n)
				f := &fence{t: t, r: r}
				in, out := f.slice(k*n), f.slice(rows*n)
				copy(in, b)
				m.Mul(&Product{C: out, Ldc: n, B: &RowMajor{in, n}, N: n, Bias: bias, Clamp: ReLU}, f.slice(m.Scratch(n)))
				copy(c[i], out)
				f.done()
			}
			if !slices.Equal(c[0], c[1]) {
				t.Errorf("%d×%d×%d differs", rows, k, n)
			}
		}
	}
}

func TestOnlyA53(t *testing.T) {
	for cpuinfo, want := range map[string]bool{
		"processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n\nprocessor\t: 1\nCPU part\t: 0xd03\n": true,
		"processor\t: 0\nCPU part\t: 0xd03\nprocessor\t: 1\nCPU part\t: 0xd08\n":                            false,
		"processor\t: 0\nCPU part\t: 0xd0b\n":                                                               false,
		"":                                                                                                  false,
	} {
		if got := onlyA53([]byte(cpuinfo), nil); got != want {
			t.Errorf("%q: %v", cpuinfo, got)
		}
	}
	if onlyA53(nil, os.ErrNotExist) {
		t.Error("without a file there are some")
	}
}
