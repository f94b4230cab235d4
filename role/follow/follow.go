// Package follow knows which nodes there are, while they come and go.
//
//	DNS, discovery ──look, each second──▶ Set ──▶ Keeper ──▶ Join(node), Leave(node)
package follow

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Every is the time between two looks.
const Every = time.Second

// Set is the nodes that something stands for, as far as is known. It may be used by several goroutines.
type Set struct {
	Name string // of what it is, in logs and errors
	// Look finds who is there now: host:port each. An error leaves the set as it is: that the one who is asked does not
	// answer, or knows nobody, says nothing of the nodes, and one that is gone is noticed by those that call it.
	Look  func(context.Context) ([]string, error)
	Every time.Duration // between two looks, once somebody is there; 0: Every
	Log   zerolog.Logger

	mu    sync.Mutex
	nodes []string
	err   error
}

// Nodes are those that are known, in the order of their texts; where there is none, the error says why.
func (s *Set) Nodes() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.nodes) > 0 {
		return s.nodes, nil
	}
	if s.err != nil {
		return nil, s.err
	}
	return nil, errors.New(s.Name + " stands for no node yet")
}

// Follow looks again and again until the context ends.
func (s *Set) Follow(ctx context.Context) {
	for {
		s.look(ctx)
		pause := Every
		if _, err := s.Nodes(); err == nil {
			pause = max(pause, s.Every)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// answerTime is for how long an answer is waited for.
const answerTime = 3 * time.Second

func (s *Set) look(ctx context.Context) {
	asked, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	nodes, err := s.Look(asked)
	if ctx.Err() != nil {
		return
	}
	nodes = slices.Sorted(slices.Values(nodes))
	s.mu.Lock()
	before, failed := s.nodes, s.err != nil
	if s.err = err; err == nil {
		s.nodes = nodes
	}
	s.mu.Unlock()
	switch {
	case err != nil && !failed:
		s.Log.Warn().Err(err).Str("of", s.Name).Int("nodes", len(before)).Msg("who is there is not known: the nodes that were stay")
	case err == nil && !slices.Equal(before, nodes):
		s.Log.Info().Str("of", s.Name).Strs("nodes", nodes).Msg("these nodes are there")
	}
}
