package role

import (
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// What a neighbour sent before it closed the run may come in afterwards, and the closing itself twice. Neither holds the
// run open.
func TestNeighbourLeavesOnce(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	run := pipeline.Run{ID: "r", Strategy: "baseline", Cuts: []int{1}}
	client := newClient(c, nodes.end.address)
	for _, from := range []string{"a", "b"} {
		if _, err := client.Open(t.Context(), transport.Opening{Run: run, From: from, Address: "end"}); err != nil {
			t.Fatal(err)
		}
	}
	reports := make(chan error, 3)
	leave := func(from string) {
		_, err := client.Close(t.Context(), transport.Closing{Run: "r", From: from})
		reports <- err
	}
	go leave("a")
	go leave("a")
	for !nodes.end.node.hasLeft("a") {
		time.Sleep(time.Millisecond)
	}
	if _, err := client.Push(t.Context(), transport.Pushing{Run: "r", From: "a"}); err != nil {
		t.Errorf("a late sign of life: %v", err)
	}
	began := time.Now()
	leave("b")
	for range cap(reports) {
		if err := <-reports; err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(began); took > c.Idle/2 {
		t.Errorf("the run was closed after %s", took)
	}
}

func (n *node) hasLeft(from string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.run != nil && n.run.left[from]
}
