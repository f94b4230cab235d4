package simulate

import (
	"fmt"
	"testing"
)

// sizes are those of fleets.
func sizes() []int {
	few := []int{1, 2, 3, 5, 8, 9, 20, 40, 100}
	if testing.Short() {
		return few
	}
	return append(few, map[bool][]int{false: {300}, true: {300, 1000}}[long]...)
}

// balance reaches the capacity of fleets of any size, of slow nodes of mixed speeds.
func TestBalanceReachesTheCapacityOfFleets(t *testing.T) {
	for _, nodes := range sizes() {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			frames := uint64(max(4000, 25*nodes))
			r := play(t, ofMany(nodes, frames, 0.97))
			t.Logf("coverage %.2f %%, %.1f f/s, p95 %.0f ms, decided %v", r.Coverage, r.Rate, r.Latency.P95, r.Nodes[1].Decisions)
			if r.Coverage < 99.9 {
				t.Errorf("coverage %.2f %% at 0.97 of the capacity", r.Coverage)
			}
		})
	}
}
