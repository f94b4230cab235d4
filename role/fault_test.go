package role

import (
	"slices"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/inject"
)

// A slow node that --fault kills is away, comes back, and is used again.
func TestFaultOfALocalRun(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.SlowNodes, c.Frames, c.Interval = 2, 150, 10*time.Millisecond
		c.Emulate = device.Emulation{Name: "test", Head: device.Always(time.Millisecond), Tail: device.Always(16 * time.Millisecond)} // work for two nodes
		c.Faults = []inject.Fault{{What: inject.Kill, Node: 2, At: 300 * time.Millisecond, For: 300 * time.Millisecond}}
		nodes := startQuick(t, c)
		before := nodes.slow[1]
		r, err := nodes.run(t.Context(), c, "balance")
		if err != nil {
			t.Fatal(err)
		}
		if r.Unaccounted != 0 || r.Frames != 150 {
			t.Errorf("%d of %d frames are unaccounted", r.Unaccounted, r.Frames)
		}
		if nodes.slow[1] == before || nodes.slow[1].address != before.address {
			t.Errorf("the node that was killed is not back where it was")
		}
		again := slices.ContainsFunc(r.Nodes, func(n pipeline.Entry) bool {
			return n.Restarted && n.Address == before.address && n.Received > 0
		})
		if !again {
			t.Errorf("no node was started again, and used: %v", r.Nodes)
		}
	})
}

// One that leaves is stopped as a service is, and loses nothing. One that joins is used from then on.
func TestNodesJoinAndLeaveALocalRun(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.SlowNodes, c.Frames, c.Interval = 3, 300, 10*time.Millisecond
		c.Emulate = device.Emulation{Name: "test", Head: device.Always(time.Millisecond), Tail: device.Always(16 * time.Millisecond)} // work for two nodes
		c.Faults = []inject.Fault{{What: inject.Join, Node: 2, At: 300 * time.Millisecond}, {What: inject.Leave, Node: 3, At: 500 * time.Millisecond}}
		nodes := startQuick(t, c)
		for range 2 { // the second run begins as the first did
			r, err := nodes.run(t.Context(), c, "balance")
			if err != nil {
				t.Fatal(err)
			}
			if r.Unaccounted != 0 || r.Frames != 300 || r.Died != 0 || r.Forgotten != 0 {
				t.Errorf("%d of %d frames are unaccounted, %d have died, and %d are forgotten", r.Unaccounted, r.Frames, r.Died, r.Forgotten)
			}
			slow := 0
			for _, n := range r.Nodes {
				if n.Role == "slow" && n.Received > 0 {
					slow++
				}
			}
			if slow != 3 {
				t.Errorf("%d slow nodes have taken frames: %v", slow, r.Nodes)
			}
			if nodes.slow[1] != nil {
				t.Errorf("the node that has joined is still there")
			}
		}
	})
}
