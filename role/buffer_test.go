package role

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"tandem/role/device"
	"tandem/role/options"
)

// Where bytes and not places bound what waits, the report says so, and every frame is accounted for.
func TestAFullBufferIsSaid(t *testing.T) {
	c := quick()
	c.Frames, c.Interval, c.Buffer = 200, time.Millisecond, 4<<10
	var err error
	if c.Emulate, err = device.ParseEmulation("head=4ms,tail=8ms"); err != nil {
		t.Fatal(err)
	}
	nodes := startQuick(t, c)
	r, err := nodes.run(t.Context(), c, "balance")
	if err != nil {
		t.Fatal(err)
	}
	checkLedgers(t, r, 1)
	for _, node := range []string{"client", "fast"} {
		if !strings.Contains(fmt.Sprint(r.Notes), node+" had its --buffer of 4.0 KiB full") {
			t.Errorf("%s does not say that its buffer is full: %q", node, r.Notes)
		}
	}
	if fast := r.Nodes[1]; r.Delivered == 0 || fast.Refused == 0 || fast.Received == int64(c.Frames) {
		t.Errorf("%d delivered, %v", r.Delivered, fast)
	}
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
