package options

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/strategy"
)

// The shortest times. A neighbour shows a sign of life every half second, and a few of them may be late.
const (
	minIdle  = 2 * time.Second
	minDrain = 100 * time.Millisecond
)

// Validate joins all that is wrong with the configuration and can be known without files and network.
func (o Options) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	switch {
	case o.Role == Client:
		if len(o.Next) == 0 {
			wrong("--next is missing: name the fast node, as in --next fast:12345")
		}
	case o.Role == Fast:
		if len(o.Next) == 0 {
			wrong("--next is missing: name the slow node, or each of several, as in --next slow:12345")
		}
		if o.End == "" {
			wrong("--end is missing: name the end node, as in --end end:12345")
		}
	case o.Role == Slow:
		switch {
		case len(o.Next) == 0:
			wrong("--next is missing: name the end node, as in --next end:12345")
		case len(o.Next) > 1 && o.End == "":
			wrong("--next is given %d times: name the end node alone; or the slow nodes that take over from this one, with --end for results", len(o.Next))
		}
	}
	if o.Strategy != "" {
		e, err := strategy.Lookup(o.Strategy)
		if err != nil {
			errs = append(errs, err)
		} else if o.Role == Client && e.Whole && len(o.Next) < 2 {
			wrong("--next is given once: %s deals the frames out, so name every node that takes them, as in --next fast:12345 --next slow:12345", e.Name)
		}
	}
	if o.Role == Local && o.Strategy == "" && o.Frames == 0 {
		wrong("--frames 0 never ends: to run one strategy until a signal, name it with --strategy")
	}
	if o.Input.Once() && o.Role == Local && o.Strategy == "" {
		wrong("--input %s can be read once: name one strategy with --strategy", o.Input.Path)
	}
	if o.Role == Local && len(o.Cuts) > 1 {
		wrong("--cut is given %d times: in one process no slow node hands over to a further one, so give it once", len(o.Cuts))
	}
	if o.HighWater > o.Queue {
		wrong("--high-water %d is never reached: --queue has %d places", o.HighWater, o.Queue)
	}
	if o.EmulateSlow != nil && o.Role != Local {
		wrong("--emulate slow:… is for a run without --role: give this node its own times")
	}
	if dup := repeated(o.Next); dup != "" {
		wrong("--next %s is given twice: name each node once", dup)
	}
	if o.Role == Slow && o.Trace != "" && o.End == "" {
		wrong("--trace: this slow node decides nothing, as it has no --end and so hands nothing over; trace the fast node")
	}
	if o.Classes != "" && o.Results == "" {
		wrong("--classes needs --results: the names are written there")
	}
	if o.Input.Path == "" && !o.Input.Preprocess.IsZero() && (o.Role == Client || o.Role == Local) {
		wrong("--preprocess needs --input: it is for images, and not for a random vector")
	}
	if o.Input.Labels != "" && o.Input.Path == "" && (o.Role == Client || o.Role == Local) {
		wrong("--labels needs --input: a random vector has no true class")
	}
	switch given := count(o.Files.Cert, o.Files.Key, o.Files.CA); {
	case given > 0 && given < 3:
		wrong("--tls-cert, --tls-key and --tls-ca go together: give all three, as tandem cert makes them, or none")
	case o.Role == Local && (given > 0 || o.Files.Secret != ""):
		wrong("--tls-cert, --tls-key, --tls-ca and --key mean nothing without a role: nothing leaves this machine then")
	}
	return errors.Join(errs...)
}

// repeated returns the first text that stands there more than once.
func repeated(texts []string) string {
	for i, t := range texts {
		if slices.Contains(texts[:i], t) {
			return t
		}
	}
	return ""
}

// count is how many of the texts are given.
func count(texts ...string) int {
	return len(slices.DeleteFunc(texts, func(s string) bool { return s == "" }))
}
