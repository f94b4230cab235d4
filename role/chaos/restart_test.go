//go:build slow

package chaos

import (
	"fmt"
	"testing"
	"time"

	"tandem/strategy"
)

// Each node in turn is stopped politely in the midst of a run, and comes back before --idle and after it: the run goes on, and
// has it again at once.
func TestRestartedNodesAreUsedAgain(t *testing.T) {
	const idle, back = 2 * time.Second, soon + time.Second
	for _, e := range strategy.All() {
		for _, away := range []time.Duration{idle / 4, idle * 5 / 4} {
			t.Run(fmt.Sprintf("%s %v", e.Name, away), func(t *testing.T) {
				t.Parallel()
				faults := rolling(time.Second, away, back, topologies[1].nodes()...)
				trial{topologies[1], e.Name, time.Second + time.Duration(len(faults))*(away+back), faults, idle, false}.run(t)
			})
		}
	}
}
