package inject

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Start lets faults happen when they are due. happen makes one happen, and returns what starts the node again, or nil where it is
// there now. The function that is returned waits until those that are away are back; where the context has ended they are back at
// once.
func Start(ctx context.Context, faults []Fault, happen func(Fault) (start func() error, err error)) (wait func() error) {
	var happening sync.WaitGroup
	errs := make([]error, len(faults))
	for i, f := range faults {
		happening.Go(func() {
			select {
			case <-time.After(f.At):
			case <-ctx.Done():
				return
			}
			back := time.After(f.For)
			if f.For == 0 {
				back = nil
			}
			start, err := happen(f)
			if errs[i] = err; err != nil || start == nil {
				return
			}
			select {
			case <-back:
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
