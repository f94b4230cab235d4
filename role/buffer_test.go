package role

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/transport/link"
)

// Where bytes and not places bound what waits, the report says so, and every frame is accounted for.
func TestAFullBufferIsSaid(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Interval, c.Buffer = 200, time.Millisecond, 4<<10
		var err error
		if c.Emulate, err = device.ParseEmulation("head=4ms,tail=8ms"); err != nil {
			t.Fatal(err)
		}
		nodes := startQuick(t, c)
		behind := c // a client whose link is slower than its beat
		if behind.Link, err = link.Parse("rate=300kbit"); err != nil {
			t.Fatal(err)
		}
		for node, run := range map[string]setup{"fast": c, "client": behind} {
			r, err := nodes.run(t.Context(), run, "balance")
			if err != nil {
				t.Fatal(err)
			}
			checkLedgers(t, r, 1)
			if !strings.Contains(fmt.Sprint(r.Notes), node+" had its --buffer of 4.0 KiB full") {
				t.Errorf("%s does not say that its buffer is full: %q", node, r.Notes)
			}
			refuses := r.Nodes[slices.IndexFunc(r.Nodes, func(e pipeline.Entry) bool { return e.Role == node })]
			if r.Delivered == 0 || refuses.Refused == 0 {
				t.Errorf("%d delivered, %v", r.Delivered, refuses)
			}
		}
	})
}

// Without --buffer a node takes a share of the machine's memory, and the nodes of one process one share together.
func TestBufferIsAShareOfMemory(t *testing.T) {
	c := setup{Options: options.Default(options.Fast)}
	if got, all := uint64(c.buffer()), device.Memory(); got != min(all/8, math.MaxInt) {
		t.Errorf("%d bytes of %d", got, all)
	}
	if c.Buffer = 1 << 20; c.buffer() != 1<<20 {
		t.Errorf("%d bytes, and 1 MiB is given", c.buffer())
	}
}
