package transport

import (
	"fmt"
	"strings"
	"unicode"

	"tandem/pipeline"
)

// Beside the bounds of tandem.proto there are rules of what belongs together.

// validRun checks the run of a message that is within its bounds.
func validRun(r pipeline.Run) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if err := CheckWire(r.Wire); err != nil {
		return fmt.Errorf("%w %s: its %w, or the same version of tandem on every node", pipeline.ErrInvalidRun, r.ID, err)
	}
	return nil
}

// validInputs checks the shapes of the frames that a neighbour takes, before room is made for one; none is any.
func validInputs(inputs []Input, maxBody int) error {
	sum := int64(0)
	for _, in := range inputs {
		values := valuesOf(in.Shape)
		if values < 1 || len(in.Shape) == 0 {
			return fmt.Errorf("%w: it takes frames of the shape %v, which is none", pipeline.ErrInvalidFrame, in.Shape)
		}
		if sum += 4 * values; sum > int64(maxBody) {
			return fmt.Errorf("%w: it takes frames of the shape %v, which are %d bytes, and %d are allowed: raise --max-body on every node",
				pipeline.ErrInvalidFrame, in.Shape, sum, maxBody)
		}
	}
	return nil
}

const (
	maxNameBytes = defaultMost
	maxTextBytes = 4 << 10 // of an error
)

// shortText reports whether a name is short, and can be shown in a terminal.
func shortText(s string) bool { return len(s) <= maxNameBytes && printable(s) }

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// plain makes a text of another node fit to be shown: short, and without what could steer a terminal.
func plain(s string) string { return shown(s, maxTextBytes) }

// shown keeps what stands on several lines apart: they may be errors that were joined.
func shown(s string, most int) string {
	s = strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "; ")
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
