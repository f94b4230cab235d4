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

// variables reads those of an environment or a settings file, and where each setting stands. One that begins like a setting's and
// is none is an error, as it is a slip.
func variables(vars Variables) (given Given, at map[string]string, err error) {
	settings := map[string]Setting{}
	for _, s := range Table(&Options{}) {
		settings[s.Variable()] = s
	}
	given, at = Given{}, map[string]string{}
	var errs []error
	for _, v := range vars {
		s, is := settings[v.Name]
		switch {
		case !strings.HasPrefix(v.Name, prefix) || v.Text == "":
		case !is:
			known := slices.Sorted(maps.Keys(settings))
			errs = append(errs, fmt.Errorf("%s: %s is no setting%s", v.At, v.Name, Suggest(v.Name, known)))
		default:
			given.Add(s, v.Text)
			at[s.Name] = v.At
		}
	}
	return given, at, errors.Join(errs...)
}

// Options applies what the settings file, with more weight the environment, as os.Environ has it, and with still more g give to
// the defaults of the role that is named there, and joins all that is wrong.
func (g Given) Options(environ []string) (Options, error) { return g.options(environ, false) }

// Simulated is Options for a simulated run.
func (g Given) Simulated(environ []string) (Options, error) { return g.options(environ, true) }

func (g Given) options(environ []string, simulated bool) (Options, error) {
	env := environment(environ)
	given, _, unknown := variables(env)
	maps.Copy(given, g)
	var at map[string]string
	if path := given["config"]; len(path) > 0 {
		file, err := ReadFile(path[0])
		if err != nil {
			return Options{}, errors.Join(unknown, err)
		}
		lines, where, err := variables(file)
		for name := range given { // has more weight
			delete(where, name)
		}
		maps.Copy(lines, given)
		given, at, unknown = lines, where, errors.Join(unknown, err)
	}
	var named Options
	role := Table(&named)[0] // the table begins with it
	if err := role.set(given[role.Name]); err != nil {
		return named, errors.Join(unknown, located(at[role.Name], err))
	}
	if env.lookup("NOTIFY_SOCKET") != "" && len(given["wait"]) == 0 && named.Role != Local { // systemd starts it with the machine
		given["wait"] = []string{forever}
	}
	o := Default(named.Role)
	o.Simulated = simulated
	errs := []error{unknown}
	for _, s := range Table(&o) {
		err := s.set(given[s.Name])
		if err == nil && len(given[s.Name]) > 0 && !slices.Contains(s.Roles, o.Role) {
			err = s.misplaced(o.Role)
		}
		errs = append(errs, located(at[s.Name], err))
	}
	if err := errors.Join(errs...); err != nil {
		return o, err
	}
	switch {
	case o.Serve != "":
		errs = append(errs, o.settle(given))
	case len(given["timeout"]) > 0:
		errs = append(errs, located(at["timeout"], errors.New("--timeout means nothing without --serve: it is for requests")))
	}
	return o, errors.Join(append(errs, o.Validate())...)
}

// located says in which line of a settings file an error stands.
func located(at string, err error) error {
	if at == "" || err == nil {
		return err
	}
	return fmt.Errorf("%s: %w", at, err)
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
