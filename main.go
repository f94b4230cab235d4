// Command tandem runs a neural network over several small devices. One binary plays every role: see README.md.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"tandem/role"
	"tandem/role/cert"
	"tandem/role/command"
	"tandem/role/discover"
	"tandem/role/inspect"
	"tandem/role/install"
	"tandem/role/options"
	"tandem/role/plan"
	"tandem/role/plot"
	"tandem/role/simulate"
	"tandem/role/sweep"
)

// Exit codes beside 0.
const exitFailed, exitUsage = command.ExitFailed, command.ExitUsage

var version string // set by the linker in released binaries

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal is no longer caught, and stops at once
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // the weights are not on Go's heap; of the rest, a Pi has more time to spare than memory
	}
	os.Exit(run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app := newApp(stdin, stdout, stderr)
	err := app.RunContext(ctx, flagsFirst(args, app))
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "tandem: %v\n", err)
	if usage, is := errors.AsType[cli.ExitCoder](err); is {
		fmt.Fprintln(stderr, "Run tandem --help for all flags, or tandem help client for those of a role.")
		return usage.ExitCode()
	}
	return exitFailed
}

// usagef is an error that the user can mend on the command line.
func usagef(format string, args ...any) error {
	return cli.Exit(fmt.Errorf(format, args...), exitUsage)
}

const usage = `tandem runs a neural network over several small devices, and compares how they
help each other.

  tandem [flags]                      all four roles in this process, every strategy in turn
  tandem --role client|fast|slow|end  one role, one process on each device
  tandem --serve :8000 --model net.onnx  answers requests for a network's outputs
  tandem inspect net.onnx             where a network can be cut, and what each cut costs
  tandem simulate --strategy balance  a run in virtual time, in an instant
  tandem sweep --simulate --tasks 1..60  a grid of runs, with intervals
  tandem nodes                        who announces itself on the network, and answers
  tandem plan net.onnx --nodes a,b    which node of a fleet should take which layers
  tandem plot runs.jsonl -o x.svg     a picture of runs, or of one over time
  tandem cert end slow fast client    certificates for these devices, and a CA
  tandem install --role slow …        a node as a service; uninstall, status
  tandem help client|fast|slow|end    the flags that a role takes
  tandem help simulate|plot|…         the flags of a command

Every flag can be set by an environment variable: --max-age by TANDEM_MAX_AGE.
`

// newApp declares the program: every setting becomes a flag.
func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name: "tandem", Version: programVersion(), HideHelpCommand: true, Writer: stdout, ErrWriter: stderr,
		CustomAppHelpTemplate: usage + options.Help(options.Local),
		ExitErrHandler:        func(*cli.Context, error) {}, // run returns the code
		OnUsageError:          unknownFlag,
		Flags:                 []cli.Flag{cli.HelpFlag}, // which cli leaves out where there is a command of that name
		Commands: []*cli.Command{
			simulate.Command(programVersion(), stdout, stderr), sweep.Command(programVersion(), stdout, stderr, role.Run),
			inspect.Command(stdout), plot.Command(stdin), plan.Command(programVersion(), stdout, stderr, role.Run), discover.Command(stdout), cert.Command(stdout), helpCommand(stdout),
		},
	}
	given := options.Given{}
	app.Flags = append(app.Flags, command.Of(given)...)
	app.Commands = append(app.Commands, install.Commands(app.Flags[1:], given, stdout, stderr)...)
	for _, c := range app.Commands {
		c.OnUsageError = app.OnUsageError
	}
	app.Action = func(c *cli.Context) error {
		if word := c.Args().First(); word != "" {
			return usagef("%q is no command%s (all settings begin with --)", word, options.Suggest(word, names(app.Commands)))
		}
		o, err := given.Options(os.Environ())
		if err != nil {
			return cli.Exit(err, exitUsage)
		}
		o.Version, o.Stdin, o.Stdout, o.Stderr = programVersion(), stdin, stdout, stderr
		o.Log = o.Logger()
		return role.Run(c.Context, o)
	}
	return app
}

// names are those of commands, or of flags.
func names[T interface{ Names() []string }](of []T) []string {
	var all []string
	for _, one := range of {
		all = append(all, one.Names()[0])
	}
	return all
}

// unknownFlag names the flag that was meant.
func unknownFlag(c *cli.Context, err error, _ bool) error {
	name, is := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if name = strings.TrimPrefix(name, "-"); !is {
		return cli.Exit(err, exitUsage)
	}
	if c.Command.Name != c.App.Name { // of a command
		var flags []string
		for _, f := range names(c.Command.Flags) {
			flags = append(flags, "--"+f)
		}
		return usagef("--%s is no flag of tandem %s%s", name, c.Command.Name, options.Suggest("--"+name, flags))
	}
	return usagef("--%s is no flag%s", name, options.SuggestFlag(name))
}

// flagsFirst lets the flags of a command follow its files or names.
func flagsFirst(args []string, app *cli.App) []string {
	if len(args) < 2 || strings.HasPrefix(args[1], "-") || args[1] == "install" { // which takes flags alone
		return args
	}
	alone := []string{"help", "h"} // without a value
	if c := app.Command(args[1]); c != nil {
		alone = append(alone, command.Switches(c.Flags)...)
	}
	var flags, files []string
	for i := 2; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			files = append(files, args[i+1:]...)
			i = len(args)
		case len(arg) < 2 || arg[0] != '-': // a single - is stdin
			files = append(files, arg)
		case strings.Contains(arg, "=") || slices.Contains(alone, strings.TrimLeft(arg, "-")) || i+1 == len(args):
			flags = append(flags, arg)
		default:
			flags = append(flags, arg, args[i+1])
			i++
		}
	}
	return slices.Concat(args[:2], flags, []string{"--"}, files)
}

func helpCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{Name: "help", Usage: "show the flags of a role or a command", Action: func(c *cli.Context) error {
		switch word := c.Args().First(); {
		case word == "":
			return cli.ShowAppHelp(c)
		case c.App.Command(word) != nil:
			return c.App.RunContext(c.Context, []string{c.App.Name, word, "--help"})
		case slices.Contains(options.Roles, options.Role(word)):
			_, err := fmt.Fprintf(stdout, "tandem --role %s takes:\n%s", word, options.Help(options.Role(word)))
			return err
		default:
			known := append(names(c.App.Commands), "client", "fast", "slow", "end")
			return usagef("%q is no role and no command%s", word, options.Suggest(word, known))
		}
	}}
}

// programVersion is the linker's, or what the Go tool knows of the source.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return cmp.Or(version, "dev")
}
