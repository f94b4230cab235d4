package follow

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Keeper holds something open to each node of its sets, such as the edge of a run.
type Keeper[E comparable] struct {
	Sets []*Set
	// Join opens it to a node; several goroutines call it. Where it can't now, it is asked again soon.
	Join func(ctx context.Context, node string) (E, error)
	// Leave closes it again.
	Leave func(E)
	// Open are the nodes to which it is open.
	Open map[string]E
}

// pause is the time between two looks at the sets.
const pause = Every / 2

// Run opens and closes until the context ends. What is open then stays so.
func (k *Keeper[E]) Run(ctx context.Context) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.settle(ctx)
		}
	}
}

// settle makes what is open agree with the sets. Those who join do so at the same time: one that hangs holds up no other.
func (k *Keeper[E]) settle(ctx context.Context) {
	var there []string
	for _, s := range k.Sets {
		nodes, _ := s.Nodes() // none: it may have no node yet
		there = append(there, nodes...)
	}
	for node, e := range k.Open {
		if !slices.Contains(there, node) {
			delete(k.Open, node)
			k.Leave(e)
		}
	}
	var mu sync.Mutex
	var joining sync.WaitGroup
	for _, node := range slices.Compact(slices.Sorted(slices.Values(there))) {
		mu.Lock()
		_, open := k.Open[node]
		mu.Unlock()
		if open {
			continue
		}
		joining.Go(func() {
			e, err := k.Join(ctx, node)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				k.Open[node] = e
			}
		})
	}
	joining.Wait()
}
