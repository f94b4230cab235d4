package model

import (
	"errors"
	"fmt"
	"strings"
)

// reasons is why a network can't be computed: all that is found, since whoever
// mends one wants to know of the others.
type reasons []error

func (r reasons) Error() string {
	const most = 8
	var all []string
	for _, err := range r[:min(len(r), most)] {
		all = append(all, err.Error())
	}
	if more := len(r) - most; more > 0 {
		all = append(all, fmt.Sprintf("and %d more reasons", more))
	}
	return strings.Join(all, "; ")
}

func (r reasons) Unwrap() []error { return r }

// refuse notes what is not supported, and that these tensors are unknown: what
// depends on them is not looked at. Other errors it gives back.
func (imp *importer) refuse(err error, tensors ...string) error {
	if !errors.Is(err, ErrUnsupported) {
		return err
	}
	imp.reasons = append(imp.reasons, err)
	imp.lose(tensors)
	return nil
}

func (imp *importer) lose(tensors []string) {
	for _, name := range tensors {
		imp.unknown[name] = true
	}
}

// lost says that a tensor which the node uses is unknown.
func (imp *importer) lost(inputs []string) bool {
	for _, name := range inputs {
		if name != "" && imp.unknown[name] {
			return true
		}
	}
	return false
}
