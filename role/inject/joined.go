package inject

import (
	"context"
	"slices"
	"sync"
)

// Name stands in --next for the nodes that join a run.
const Name = "dns:joined:1"

// Joined are the nodes that have joined, as a name server would know them. Several goroutines may use it.
type Joined struct {
	mu        sync.Mutex
	addresses []string
}

// Add adds the node of an address.
func (j *Joined) Add(address string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.addresses = append(j.addresses, address)
}

// Remove takes it away.
func (j *Joined) Remove(address string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.addresses = slices.DeleteFunc(j.addresses, func(a string) bool { return a == address })
}

// Members are those that are there now.
func (j *Joined) Members(context.Context, string) ([]string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.addresses), nil
}
