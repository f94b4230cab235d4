// Package inject is fault injection: what shall happen to the nodes of a run, as a user says it.
package inject

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fault is a slow node that is killed in the course of a run, and started again.
type Fault struct {
	Node    int           // which slow node, from 1 on
	At, For time.Duration // since the run began; For 0: it stays away
}

var errFault = errors.New("use kill slow 2 at 10s for 4s; without for it does not come back")

// ParseFault reads what String makes.
func ParseFault(s string) (f Fault, err error) {
	words := strings.Fields(s)
	wrong := fmt.Errorf("%q is no fault: %w", s, errFault)
	if len(words) != 5 && len(words) != 7 || words[0] != "kill" || words[1] != "slow" || words[3] != "at" {
		return f, wrong
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
	if f.For, err = time.ParseDuration(words[6]); words[5] != "for" || err != nil || f.For <= 0 {
		return f, wrong
	}
	return f, nil
}

func (f Fault) String() string {
	text := fmt.Sprintf("kill slow %d at %s", f.Node, f.At)
	if f.For > 0 {
		text += fmt.Sprintf(" for %s", f.For)
	}
	return text
}
