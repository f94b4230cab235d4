package op

import (
	"math/rand/v2"
	"testing"
)

// Where the columns of all channels would take much memory, some channels are
// computed at a time.
func TestConvTransposeOfManyChannels(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const in, each, groups, side, kernel, stride = 2, 6, 2, 64, 4, 2
	const out = (side-1)*stride + kernel
	x, w, bias := random(r, 2, groups*in, side, side), random(r, groups*in, each, kernel, kernel), random(r, groups*each)
	want := make([]float32, 2*groups*each*out*out)
	for i := range 2 * groups * each {
		plane, sample, channel := want[i*out*out:][:out*out], i/(groups*each), i%(groups*each)
		fill(plane, bias.Float32s()[channel])
		for k := range in {
			c := channel/each*in + k
			from := x.Float32s()[(sample*groups*in+c)*side*side:]
			for tap, v := range w.Float32s()[(c*each+channel%each)*kernel*kernel:][:kernel*kernel] {
				for row := range side {
					for col := range side {
						plane[(row*stride+tap/kernel)*out+col*stride+tap%kernel] += v * from[row*side+col]
					}
				}
			}
		}
	}
	a := attr{"strides": []int64{stride, stride}, "group": groups}
	alike(t, "ConvTranspose", compute(t, "ConvTranspose", a, x, weights(w.Shape(), w.Float32s()...), bias), want, 1e-5)
	o := convTransposeOp{groups: groups, in: groups * in, channels: groups * each}
	o.kernel, o.size = []int{kernel, kernel}, []int{side, side}
	if got := o.together(); got != 3 {
		t.Errorf("%d of %d channels are computed at a time, want 3", got, each)
	}
}
