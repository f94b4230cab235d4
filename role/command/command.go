// Package command makes commands of settings: a flag of each that package options has.
package command

import (
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"tandem/role/options"
)

// Of makes a flag of each setting, which collects what is given for it; with names, of those settings alone.
func Of(given options.Given, names ...string) (all []cli.Flag) {
	for _, s := range options.Table(&options.Options{}) {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			all = append(all, &cli.GenericFlag{Name: s.Name, Usage: s.Usage, Value: flag{s, given}})
		}
	}
	return all
}

// flag collects what the command line gives for a setting.
type flag struct {
	options.Setting
	given options.Given
}

func (f flag) Set(text string) error { f.given.Add(f.Setting, text); return nil }
func (f flag) String() string        { return "" }
func (f flag) IsBoolFlag() bool      { return f.Switch }

// Switches are the names of the flags that take no value.
func Switches(flags []cli.Flag) (names []string) {
	for _, f := range flags {
		_, is := f.(*cli.BoolFlag)
		if of, generic := f.(*cli.GenericFlag); generic {
			v, may := of.Value.(interface{ IsBoolFlag() bool })
			is = may && v.IsBoolFlag()
		}
		if is {
			names = append(names, f.Names()...)
		}
	}
	return names
}

// Exit codes beside 0.
const (
	ExitFailed = 1 // it started, and could not go on
	ExitUsage  = 2 // a flag is wrong
)

// Wrong is an error that the user can mend on the command line; nil is none.
func Wrong(err error) error {
	if err == nil {
		return nil
	}
	return cli.Exit(err, ExitUsage)
}

// NoArguments refuses words that are no flags.
func NoArguments(c *cli.Context) error {
	if word := c.Args().First(); word != "" {
		return Wrong(errors.New("tandem " + c.Command.Name + " takes flags alone: " + word + " is too much"))
	}
	return nil
}
