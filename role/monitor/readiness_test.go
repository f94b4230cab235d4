package monitor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Probes that come together ask the nodes below once, and nobody waits for them who only says that something has changed.
func TestReadinessAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Readiness
		asked := 0
		silent := errors.New("silent")
		r.Begin(func(context.Context) (error, error) {
			asked++
			time.Sleep(time.Second)
			return silent, nil
		})
		var probes sync.WaitGroup
		for range 5 {
			probes.Go(func() {
				if needed, other := r.Check(); needed != silent || other != nil {
					t.Error(needed, other)
				}
			})
		}
		synctest.Wait()
		if asked != 1 {
			t.Errorf("five probes ask %d times", asked)
		}
		began := time.Now()
		r.Forget()
		if took := time.Since(began); took > 0 {
			t.Errorf("Forget waits %v for the answer", took)
		}
		probes.Wait()
		if r.Check(); asked != 2 {
			t.Errorf("an answer from before Forget is kept: asked %d times", asked)
		}
		if r.Check(); asked != 2 {
			t.Errorf("an answer does not hold: asked %d times", asked)
		}
	})
}
