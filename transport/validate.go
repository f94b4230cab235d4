package transport

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tandem/pipeline"
)

// What the messages that open and close a run may hold, whatever their size in bytes. Names end up in logs, terminals
// and the labels of metrics, and ledgers in a report.
const (
	maxNameBytes = pipeline.MaxNameBytes
	maxTextBytes = 4 << 10
	maxNodes     = 256
	maxReport    = 1 << 20 // bytes
)

// shortText reports whether a name is short, and can be shown in a terminal.
func shortText(s string) bool { return len(s) <= maxNameBytes && printable(s) }

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func validName(what, s string) error {
	if s == "" || len(s) > maxNameBytes {
		return fmt.Errorf("%w: %q has %d bytes: 1 to %d are allowed", pipeline.ErrInvalidRun, what, len(s), maxNameBytes)
	}
	if !printable(s) {
		return fmt.Errorf("%w: %q is %q: it must be printable", pipeline.ErrInvalidRun, what, s)
	}
	return nil
}

// shortNames bounds the names that a message calls the run and its sender by: an error would repeat them.
func shortNames(run, from string) error {
	if len(run) > maxNameBytes || len(from) > maxNameBytes {
		return fmt.Errorf("%w: run and from may have %d bytes each", pipeline.ErrInvalidRun, maxNameBytes)
	}
	return nil
}

func validRun(r pipeline.Run) error {
	if err := r.Validate(); err != nil {
		return err
	}
	for _, s := range []string{r.ID, r.Strategy, r.Model, r.Digest} {
		if !printable(s) {
			return fmt.Errorf("%w: id, strategy, model and digest must be printable, and one is %q", pipeline.ErrInvalidRun, s)
		}
	}
	if err := CheckWire(r.Wire); err != nil {
		return fmt.Errorf("%w %s: its %w, or the same version of tandem on every node", pipeline.ErrInvalidRun, r.ID, err)
	}
	return nil
}

// validShape checks the shape of the frames that a neighbour takes, before room is made for one; empty is any.
func validShape(shape []int, maxBody int) error {
	values := valuesOf(shape)
	if len(shape) > maxDims || values < 1 {
		return fmt.Errorf("%w: it takes frames of the shape %v, which is none", pipeline.ErrInvalidFrame, shape)
	}
	if 4*values > int64(maxBody) {
		return fmt.Errorf("%w: it takes frames of the shape %v, which are %d bytes, and %d are allowed: raise --max-body on every node",
			pipeline.ErrInvalidFrame, shape, 4*values, maxBody)
	}
	return nil
}

// decodeList reads a JSON list of so many elements at most. Two bytes in it can be hundreds in memory, so it is not read
// further.
func decodeList[T any](text string, most int) ([]T, error) {
	d := json.NewDecoder(strings.NewReader(text))
	begin, err := d.Token()
	if begin == nil && err == nil { // null
		return nil, nil
	}
	if begin != json.Delim('[') {
		return nil, errors.Join(errors.New("it does not begin with a bracket"), err)
	}
	var list []T
	for d.More() {
		if len(list) == most {
			return nil, fmt.Errorf("it has more than %d elements, which are not allowed", most)
		}
		var one T
		if err := d.Decode(&one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	_, err = d.Token()
	return list, err
}

// showable reports a name in a node's ledger that can't be shown, and makes the texts fit for it.
func showable(e *pipeline.Entry) error {
	for _, s := range []*string{&e.Emulate, &e.Link, &e.EnergyBy, &e.Device} {
		*s = shown(*s, pipeline.MaxTextBytes)
	}
	names := append([]string{e.Role, e.Address}, e.Next...)
	for state := range e.States {
		names = append(names, string(state))
	}
	for reason := range e.Decisions {
		names = append(names, string(reason))
	}
	if i := slices.IndexFunc(names, func(s string) bool { return !printable(s) }); i >= 0 {
		return fmt.Errorf("%w: a ledger has the name %.40q, which can't be printed", pipeline.ErrInvalidRun, names[i])
	}
	return nil
}

// validEntries checks the ledgers of other nodes.
func validEntries(entries []pipeline.Entry) error {
	for i := range entries {
		if err := cmp.Or(showable(&entries[i]), entries[i].Validate()); err != nil {
			return err
		}
	}
	return nil
}

// plain makes a text of another node fit to be shown: short, and without what could steer a terminal.
func plain(s string) string { return shown(s, maxTextBytes) }

func shown(s string, most int) string {
	if len(s) > most {
		s = s[:most-len("…")] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// validReport checks a report that a neighbour has answered with.
func validReport(r *pipeline.Report, run string) error {
	if r.Run != run {
		return fmt.Errorf("it reports of run %q", plain(r.Run))
	}
	for _, s := range []*string{&r.Strategy, &r.Model, &r.Load, &r.Emulate, &r.Link, &r.Wire, &r.Version, &r.Note} {
		*s = plain(*s)
	}
	return validEntries(r.Nodes)
}
