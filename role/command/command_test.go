package command

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"tandem/role/options"
)

// run runs a command with flags of settings, and returns what was given.
func run(t *testing.T, names []string, args ...string) (options.Given, error) {
	t.Helper()
	given := options.Given{}
	app := &cli.App{
		ExitErrHandler: func(*cli.Context, error) {},
		Commands:       []*cli.Command{{Name: "do", Flags: Of(given, names...), Action: NoArguments}},
	}
	return given, app.Run(append([]string{"tandem", "do"}, args...))
}

// Flags collect what is given: the last of one, all of those that have several values, and true for switches without a value.
func TestFlagsCollect(t *testing.T) {
	given, err := run(t, nil, "--queue", "3", "--queue", "5", "--next", "a,b", "--next", "c", "--watch", "--strict=false")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"queue": {"5"}, "next": {"a", "b", "c"}, "watch": {"true"}, "strict": {"false"}, "role": nil} {
		if !slices.Equal(given[name], want) {
			t.Errorf("--%s is %q, want %q", name, given[name], want)
		}
	}
}

// A command takes the settings that it names, no others, and no words.
func TestWhatIsTooMuch(t *testing.T) {
	if given, err := run(t, []string{"key"}, "--key", "file"); err != nil || given.Last("key") != "file" {
		t.Errorf("%v, %v", given, err)
	}
	if _, err := run(t, []string{"key"}, "--queue", "3"); err == nil || !strings.Contains(err.Error(), "queue") {
		t.Errorf("another setting: %v", err)
	}
	_, err := run(t, []string{"key"}, "file")
	var exit cli.ExitCoder
	if !errors.As(err, &exit) || exit.ExitCode() != ExitUsage || err.Error() != "tandem do takes flags alone: file is too much" {
		t.Errorf("a word: %v", err)
	}
	if Wrong(nil) != nil {
		t.Error("nothing is wrong")
	}
}

// Switches are those that a word behind them does not belong to.
func TestSwitches(t *testing.T) {
	flags := append(Of(options.Given{}, "queue", "watch"), &cli.BoolFlag{Name: "print"}, &cli.StringFlag{Name: "unit"})
	if got := Switches(flags); !slices.Equal(got, []string{"watch", "print"}) {
		t.Error(got)
	}
}
