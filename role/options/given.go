package options

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// prefix begins the environment variables.
const prefix = "TANDEM_"

// Variable is the environment variable of a setting.
func (s Setting) Variable() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// Given is what a user has given: settings' names, and for each the texts.
type Given map[string][]string

// FromEnvironment reads the variables of an environment as os.Environ has it. In a variable, several values are separated
// by commas. A variable that is no setting's is an error, as it is a slip.
func FromEnvironment(environment []string) (Given, error) {
	known := map[string]Setting{}
	var names []string
	for _, s := range Table() {
		known[s.Variable()] = s
		names = append(names, s.Variable())
	}
	given := Given{}
	var errs []error
	for _, variable := range environment {
		name, text, _ := strings.Cut(variable, "=")
		s, is := known[name]
		switch {
		case !strings.HasPrefix(name, prefix) || text == "":
		case !is:
			errs = append(errs, fmt.Errorf("environment: %s is no setting%s", name, Suggest(name, names)))
		default:
			given[s.Name] = []string{text}
		}
	}
	return given, errors.Join(errs...)
}

// Options applies what was given to the defaults of the role that it names.
func (g Given) Options() (Options, error) {
	var r Options
	if texts := g["role"]; len(texts) > 0 {
		s, _ := lookup("role")
		if err := s.set(&r, texts); err != nil {
			return r, err
		}
	}
	o := Default(r.Role)
	var errs []error
	for _, s := range Table() {
		texts := g[s.Name]
		if len(texts) == 0 || s.Name == "role" {
			continue
		}
		if err := s.set(&o, texts); err != nil {
			errs = append(errs, err)
			continue
		}
		if !slices.Contains(s.Roles, o.Role) {
			errs = append(errs, s.misplaced(o.Role))
		}
	}
	return o, errors.Join(errs...)
}

// set sets what was given.
func (s Setting) set(o *Options, texts []string) error {
	if s.Many {
		texts = strings.Split(strings.Join(texts, ","), ",")
	}
	for _, text := range texts {
		if err := s.Value(o).Set(text); err != nil {
			return fmt.Errorf("--%s %q: %w", s.Name, text, err)
		}
	}
	return nil
}

// misplaced says why a setting is not for a role.
func (s Setting) misplaced(r Role) error {
	if s.Others != "" {
		return fmt.Errorf("--%s: %s %s", s.Name, r, s.Others)
	}
	var roles []string
	for _, r := range s.Roles {
		roles = append(roles, r.String())
	}
	return fmt.Errorf("--%s means nothing for %s: it is for %s", s.Name, r, strings.Join(roles, ", "))
}
