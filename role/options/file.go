package options

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/go-envparse"
)

// Variables is a list of variables of the environment, or of a settings file.
type Variables []Variable

// Variable is one of them.
type Variable struct {
	Name, Text string
	At         string // where it stands, as errors begin with it
}

// environment is what os.Environ gives.
func environment(all []string) (vars Variables) {
	for _, one := range all {
		name, text, _ := strings.Cut(one, "=")
		vars = append(vars, Variable{name, text, "environment"})
	}
	return vars
}

// lookup is the text of a variable; empty: it is not set.
func (v Variables) lookup(name string) (text string) {
	for _, one := range v {
		if one.Name == name {
			text = one.Text
		}
	}
	return text
}

// ReadFile reads a settings file: the variables of the environment, one on each line, with comments behind #. Its errors name
// the line.
func ReadFile(path string) (Variables, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	return parseFile(path, text)
}

func parseFile(path string, text []byte) (vars Variables, err error) {
	var errs []error
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		at := fmt.Sprintf("%s line %d", path, n)
		set, err := envparse.Parse(bytes.NewReader(lines.Bytes()))
		if wrong := (*envparse.ParseError)(nil); errors.As(err, &wrong) {
			err = wrong.Err // it counts this one line
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w: use NAME=value, as in %sQUEUE=10", at, err, prefix))
		}
		for name, value := range set {
			if !strings.HasPrefix(name, prefix) {
				errs = append(errs, fmt.Errorf("%s: %s is no setting: they begin with %s, as in %sQUEUE=10", at, name, prefix, prefix))
			}
			vars = append(vars, Variable{name, value, at})
		}
	}
	return vars, errors.Join(append(errs, lines.Err())...)
}
