package model

import (
	"slices"
	"sync"
	"testing"
	"time"

	"tandem/model/internal/op"
)

// A device that is too small for the network measures it in slices that fit, each as long as it can be; a layer that does not fit by
// itself is reckoned from the others.
func TestMeasuringInSlices(t *testing.T) {
	folder, was := t.TempDir(), thisDevice
	defer func() { thisDevice = was }()
	thisDevice = sync.OnceValue(func() deviceFindings {
		return deviceFindings{was().sharing, newFindings[time.Duration]("times", folder, "this")}
	})
	dense := func(in, out int) link {
		return link{op.NewDense(in, out, 1, false, given{slices.Repeat([]float32{0.01}, in*out), nil}), []int{out}}
	}
	n := chain([]int{64}, dense(64, 64), dense(64, 64), dense(64, 64), dense(64, 1024), dense(1024, 64), dense(64, 64))
	one := n.Bytes(0, 1)
	for _, test := range []struct {
		memory int64
		want   []span
	}{
		{0, []span{{0, 6}}},
		{n.Bytes(0, 6), []span{{0, 6}}},
		{n.Bytes(3, 4), []span{{0, 3}, {3, 4}, {4, 5}, {5, 6}}},
		{n.Bytes(3, 4) + one, []span{{0, 3}, {3, 4}, {4, 6}}},
		{2 * one, []span{{0, 2}, {2, 3}, {5, 6}}},
		{one, []span{{0, 1}, {1, 2}, {2, 3}, {5, 6}}},
		{one - 1, nil},
	} {
		if got := n.slices(test.memory); !slices.Equal(got, test.want) {
			t.Errorf("%d bytes: %v, want %v", test.memory, got, test.want)
		}
	}
	times, err := Measure(n, 1, 2*one)
	if err != nil {
		t.Fatal(err)
	}
	costs, reckoned := n.Costs(1), n.reckoned()
	for i, took := range times {
		if fits := i != 3 && i != 4; fits != (took > 0) || fits && costs[i] <= 0 {
			t.Errorf("layer %d takes %v, and costs %g", i, took, costs[i])
		}
	}
	if ratio := costs[3] / costs[0]; ratio < 0.99*reckoned[3]/reckoned[0] || ratio > 1.01*reckoned[3]/reckoned[0] {
		t.Errorf("the large layer costs %.1f times as much as a small one, and is reckoned %.1f", ratio, reckoned[3]/reckoned[0])
	}
}
