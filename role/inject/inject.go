// Package inject is fault injection: what shall happen to the nodes of a run, as a user says it.
package inject

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is what happens to a slow node in the course of a run:
//
//	kill slow 2 at 10s for 4s    it dies without a word, and is started again; without for it does not come back
//	leave slow 2 at 10s for 4s   it is stopped, hands on what it has, and is started again; without for it does not come back
//	join slow 2 at 10s           it is not there before
type Fault struct {
	What    What
	Node    int           // which slow node, from 1 on
	At, For time.Duration // since the run began; For 0: it stays as it is then
}

// What happens.
type What string

// All that may happen.
const (
	Kill  What = "kill"
	Leave What = "leave"
	Join  What = "join"
)

var errFault = errors.New("use kill slow 2 at 10s for 4s, leave slow 2 at 10s for 4s, or join slow 2 at 10s; without for it does not come back")

// ParseFault reads what String makes.
func ParseFault(s string) (f Fault, err error) {
	words := strings.Fields(s)
	wrong := fmt.Errorf("%q is no fault: %w", s, errFault)
	if len(words) != 5 && len(words) != 7 || words[1] != "slow" || words[3] != "at" {
		return f, wrong
	}
	if f.What = What(words[0]); f.What != Kill && f.What != Leave && f.What != Join {
		return f, fmt.Errorf("%q is nothing that happens to a node: %w", words[0], errFault)
	}
	if f.Node, err = strconv.Atoi(words[2]); err != nil || f.Node < 1 {
		return f, fmt.Errorf("%q is no slow node: they count from 1: %w", words[2], errFault)
	}
	if f.At, err = time.ParseDuration(words[4]); err != nil || f.At < 0 {
		return f, fmt.Errorf("%q is no time: %w", words[4], errFault)
	}
	if len(words) == 5 {
		return f, nil
	}
	if f.For, err = time.ParseDuration(words[6]); words[5] != "for" || err != nil || f.For <= 0 || f.What == Join {
		return f, wrong
	}
	return f, nil
}

func (f Fault) String() string {
	text := fmt.Sprintf("%s slow %d at %s", f.What, f.Node, f.At)
	if f.For > 0 {
		text += fmt.Sprintf(" for %s", f.For)
	}
	return text
}

// Joining reports whether a slow node, from 1 on, is not there when the run begins.
func Joining(faults []Fault, node int) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.What == Join && f.Node == node })
}

// away is from when to when the node is not there.
func (f Fault) away() (from, to time.Duration) {
	switch {
	case f.What == Join:
		return 0, f.At
	case f.For == 0:
		return f.At, math.MaxInt64
	}
	return f.At, f.At + f.For
}

// Check refuses what can't happen to so many slow nodes.
func Check(faults []Fault, nodes int) error {
	there := nodes
	for i, f := range faults {
		if f.Node > nodes {
			return fmt.Errorf("%q: there are %d slow nodes: give it one of these, or more --slow-nodes", f, nodes)
		}
		from, to := f.away()
		for _, other := range faults[:i] {
			if since, until := other.away(); f.Node == other.Node && from < until && since < to {
				return fmt.Errorf("%q and %q: the node would be away twice at the same time: give them other times, or another node", other, f)
			}
		}
		if f.What == Join {
			there--
		}
	}
	if there == 0 && nodes > 0 { // a role has none: they are other processes
		return fmt.Errorf("all %d slow nodes join later: leave one out, as a run begins with one at least", nodes)
	}
	return nil
}
