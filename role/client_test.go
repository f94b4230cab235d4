package role

import (
	"testing"
	"time"

	"tandem/role/options"
)

func TestBeat(t *testing.T) {
	p := &player{cfg: setup{Options: options.Options{Interval: 30 * time.Millisecond}}}
	due := time.Now().Add(-20 * time.Millisecond)
	if got := p.next(due); got != due.Add(30*time.Millisecond) {
		t.Errorf("a late beat does not catch up: next in %v", time.Until(got))
	}
	due = time.Now().Add(-time.Minute)
	if got := time.Until(p.next(due)); got < 0 || got > 30*time.Millisecond {
		t.Errorf("after a pause of a minute the next frame is due in %v", got)
	}
}
