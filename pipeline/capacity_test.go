package pipeline

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// devices are a fast node, whose own tail takes so long, and the slow nodes behind it. Times are in milliseconds.
type devices struct {
	head, own float64
	slow      []float64
}

// capacity is what they can carry together, in frames per second: every slow node is always at its tail, and fast is at
// a tail of its own whenever it is not at a head for them. Where the heads alone are too much for fast, they limit it.
func (d devices) capacity() float64 {
	slow := 0.0
	for _, tail := range d.slow {
		slow += 1 / tail
	}
	if slow*d.head >= 1 {
		return 1000 / d.head
	}
	return 1000 * (slow + (1-slow*d.head)/(d.head+d.own))
}

// play offers a share of the capacity to balance, from a cold start.
func (d devices) play(share float64, frames uint64) Report {
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	p := plan{
		run:  Run{ID: "r", Strategy: "balance", Frames: frames, Interval: ms(1000 / (share * d.capacity()))},
		slow: []int{len(d.slow)},
		device: func(level, i int) *fakeNet {
			if level == 0 {
				return &fakeNet{head: ms(d.head), tail: ms(d.own), load: 580 * time.Millisecond}
			}
			return &fakeNet{tail: ms(d.slow[i])}
		},
	}
	return p.start().play()
}

func (d devices) carry(t *testing.T, share float64, frames uint64) {
	t.Run(fmt.Sprintf("%v at %v", d, share), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := d.play(share, frames)
			if r.Coverage < 99.9 || r.Unaccounted != 0 || r.Duplicates != 0 {
				t.Errorf("coverage %v, %d unaccounted, %d duplicates", r.Coverage, r.Unaccounted, r.Duplicates)
			}
			if n := r.Nodes[1].Switches; n > 1 {
				t.Errorf("%d switches in %v: it flaps", n, time.Duration(r.ElapsedS*float64(time.Second)))
			}
		})
	})
}

// equal are so many of the same.
func equal(n int, tail float64) []float64 {
	tails := make([]float64, n)
	for i := range tails {
		tails[i] = tail
	}
	return tails
}

// balance carries what the two nodes together can carry, whatever they are.
func TestBalanceReachesTheCapacityOfBothNodes(t *testing.T) {
	for _, d := range []devices{
		{4, 42, equal(1, 42)}, {4, 20, equal(1, 20)}, {10, 42, equal(1, 42)},
		{4, 80, equal(1, 42)}, {4, 42, equal(1, 84)}, {1, 30, equal(1, 100)},
	} {
		for _, share := range brief(0.98, 0.3, 0.5, 0.7, 0.9) {
			d.carry(t, share, 2000)
		}
	}
}

// brief leaves out all shares but the hardest in short tests, which run under qemu.
func brief(hardest float64, others ...float64) []float64 {
	if testing.Short() {
		others = nil
	}
	return append(others, hardest)
}

// With several slow nodes, equal or not, it is the same.
func TestBalanceReachesTheCapacityOfSeveralSlowNodes(t *testing.T) {
	several := []devices{
		{4, 42, equal(2, 42)}, {4, 42, equal(4, 42)}, {4, 42, equal(8, 42)}, {4, 80, equal(2, 42)}, {1, 30, equal(8, 100)},
		{4, 42, []float64{20, 42, 84}}, {4, 42, []float64{84, 42, 20}}, {4, 42, []float64{42, 42, 200}},
	}
	if testing.Short() {
		several = several[5:6]
	}
	for _, d := range several {
		for _, share := range brief(0.97, 0.5, 0.9) {
			d.carry(t, share, 4000)
		}
	}
}

// With many it is the same.
func TestBalanceReachesTheCapacityOfManySlowNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long under qemu")
	}
	for _, d := range []devices{{2, 42, equal(12, 42)}, {4, 84, equal(16, 84)}, {1, 42, equal(20, 42)}} {
		d.carry(t, 0.97, 6000)
	}
}
