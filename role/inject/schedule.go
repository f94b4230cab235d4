package inject

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Start lets faults happen when they are due. kill kills a node, from 0 on, and returns what starts it again. The function that
// is returned waits until those that are away are back; where the context has ended they are back at once.
func Start(ctx context.Context, faults []Fault, kill func(node int) (start func() error)) (wait func() error) {
	var happening sync.WaitGroup
	errs := make([]error, len(faults))
	for i, f := range faults {
		happening.Go(func() {
			select {
			case <-time.After(f.At):
			case <-ctx.Done():
				return
			}
			start := kill(f.Node - 1)
			away := time.After(f.For)
			if f.For == 0 {
				away = nil
			}
			select {
			case <-away:
			case <-ctx.Done():
			}
			errs[i] = start()
		})
	}
	return func() error {
		happening.Wait()
		return errors.Join(errs...)
	}
}
