package options

import (
	"errors"
	"fmt"
	"maps"
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

// Add takes in a text: with what was given before where a setting has several values, which commas separate; else in its
// place.
func (g Given) Add(s Setting, text string) {
	if s.Many {
		g[s.Name] = append(g[s.Name], strings.Split(text, ",")...)
	} else {
		g[s.Name] = []string{text}
	}
}

// Last is the text that counts of what was given for a setting; empty: nothing was.
func (g Given) Last(name string) string {
	if n := len(g[name]); n > 0 {
		return g[name][n-1]
	}
	return ""
}

// fromEnvironment reads the variables of an environment. One that begins like a setting's and is none is an error, as it
// is a slip.
func fromEnvironment(environment []string) (Given, error) {
	settings := map[string]Setting{}
	for _, s := range Table(&Options{}) {
		settings[s.Variable()] = s
	}
	given := Given{}
	var errs []error
	for _, variable := range environment {
		name, text, _ := strings.Cut(variable, "=")
		s, is := settings[name]
		switch {
		case !strings.HasPrefix(name, prefix) || text == "":
		case !is:
			known := slices.Sorted(maps.Keys(settings))
			errs = append(errs, fmt.Errorf("environment: %s is no setting%s", name, Suggest(name, known)))
		default:
			given.Add(s, text)
		}
	}
	return given, errors.Join(errs...)
}

// Options applies what the environment, as os.Environ has it, and with more weight g give to the defaults of the role that
// is named there, and joins all that is wrong.
func (g Given) Options(environment []string) (Options, error) { return g.options(environment, false) }

// Simulated is Options for a simulated run.
func (g Given) Simulated(environment []string) (Options, error) { return g.options(environment, true) }

func (g Given) options(environment []string, simulated bool) (Options, error) {
	given, unknown := fromEnvironment(environment)
	maps.Copy(given, g)
	var named Options
	role := Table(&named)[0] // the table begins with it
	if err := role.set(given[role.Name]); err != nil {
		return named, errors.Join(unknown, err)
	}
	o := Default(named.Role)
	o.Simulated = simulated
	errs := []error{unknown}
	for _, s := range Table(&o) {
		err := s.set(given[s.Name])
		if err == nil && len(given[s.Name]) > 0 && !slices.Contains(s.Roles, o.Role) {
			err = s.misplaced(o.Role)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return o, err
	}
	if o.Serve != "" {
		errs = append(errs, o.settle(given))
	}
	return o, errors.Join(append(errs, o.Validate())...)
}

// settle fills in what holds for --serve where nothing is given: it is a service, and no experiment.
func (o *Options) settle(given Given) error {
	for _, name := range []string{"frames", "interval"} {
		if len(given[name]) > 0 {
			return fmt.Errorf("--%s means nothing with --serve: frames come when they are asked for", name)
		}
	}
	o.Frames, o.Interval = 0, 0
	if o.Role != Local {
		return nil
	}
	if o.Strategy == "" {
		o.Strategy = Default(Fast).Strategy
	}
	if len(given["emulate"]) == 0 {
		o.Emulate = Default(Fast).Emulate
	}
	return nil
}

func (s Setting) set(texts []string) error {
	for _, text := range texts {
		err := s.Value.Set(text)
		switch {
		case err != nil && s.Secret:
			return fmt.Errorf("--%s: %w", s.Name, err)
		case err != nil:
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
