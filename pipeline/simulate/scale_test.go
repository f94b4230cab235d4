package simulate

import (
	"fmt"
	"testing"
)

// balance reaches the capacity of fleets of any size, of slow nodes of mixed speeds.
func TestBalanceReachesTheCapacityOfFleets(t *testing.T) {
	for _, nodes := range []int{1, 2, 3, 5, 8, 9, 12, 20, 40, 100, 300, 1000} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			frames := uint64(max(4000, 100*nodes))
			r := play(t, ofMany(nodes, frames, 0.97))
			t.Logf("coverage %.2f %%, %.1f f/s, p95 %.0f ms, decided %v", r.Coverage, r.Rate, r.Latency.P95, r.Nodes[1].Decisions)
			if r.Coverage < 99.9 {
				t.Errorf("coverage %.2f %% at 0.97 of the capacity", r.Coverage)
			}
		})
	}
}
