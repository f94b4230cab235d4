package follow

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// Whatever those say who are asked, and however long it takes to open something: soon after the last change it is open to those
// nodes that are there, and to no other; a failure changes nothing; nothing is opened twice or closed unopened.
func TestKeeperFollowsTheSet(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			there, open, fails := []string{"a"}, map[string]bool{}, false
			s := &Set{Name: "it", Log: zerolog.Nop(), Look: func(context.Context) ([]string, error) {
				mu.Lock()
				defer mu.Unlock()
				if fails {
					return nil, errors.New("no answer")
				}
				return slices.Clone(there), nil
			}}
			k := Keeper[string]{Sets: []*Set{s}, Open: map[string]string{},
				Join: func(_ context.Context, node string) (string, error) {
					mu.Lock()
					d, refuses := time.Duration(random.IntN(300))*time.Millisecond, random.IntN(3) == 0
					mu.Unlock()
					time.Sleep(d)
					mu.Lock()
					defer mu.Unlock()
					if refuses {
						return "", errors.New("not yet")
					}
					if open[node] {
						t.Errorf("%s is opened twice", node)
					}
					open[node] = true
					return node, nil
				},
				Leave: func(node string) {
					mu.Lock()
					defer mu.Unlock()
					if !open[node] {
						t.Errorf("%s is closed, and was not open", node)
					}
					delete(open, node)
				},
			}
			ctx, stop := context.WithCancel(t.Context())
			var ends sync.WaitGroup
			ends.Go(func() { s.Follow(ctx) })
			ends.Go(func() { k.Run(ctx) })
			for range 20 {
				mu.Lock()
				if fails = random.IntN(4) == 0; !fails {
					there = nil
					for i := range 5 {
						if random.IntN(2) == 0 {
							there = append(there, fmt.Sprint(i))
						}
					}
				}
				pause := time.Duration(random.IntN(4000)) * time.Millisecond
				mu.Unlock()
				time.Sleep(pause)
			}
			mu.Lock()
			fails = false
			mu.Unlock()
			time.Sleep(20 * time.Second)
			stop()
			ends.Wait()
			if len(open) != len(there) {
				t.Errorf("seed %d: open to %v, and %v are there", seed, open, there)
			}
			for _, node := range there {
				if !open[node] {
					t.Errorf("seed %d: %s is there, and not open", seed, node)
				}
			}
		})
	}
}

// One that can't be asked leaves what was known.
func TestAFailureKeepsTheNodes(t *testing.T) {
	var err error
	s := &Set{Name: "dns:a", Log: zerolog.Nop(), Look: func(context.Context) ([]string, error) { return []string{"b", "a"}, err }}
	if _, none := s.Nodes(); none == nil {
		t.Error("nodes before the first look")
	}
	s.look(t.Context())
	err = errors.New("no such host")
	s.look(t.Context())
	if nodes, wrong := s.Nodes(); wrong != nil || !slices.Equal(nodes, []string{"a", "b"}) {
		t.Errorf("%v, %v", nodes, wrong)
	}
}
