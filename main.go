// Command tandem runs a neural network over several small devices. One binary plays every role: see README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"tandem/role"
	"tandem/role/cert"
	"tandem/role/inspect"
	"tandem/role/options"
	"tandem/role/plot"
)

// version is set by the linker in released binaries.
var version = ""

// Exit codes beside 0.
const (
	exitFailed = 1 // it started, and could not go on
	exitUsage  = 2 // a flag is wrong
)

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
	err := newApp(stdin, stdout, stderr).RunContext(ctx, flagsFirst(args))
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "tandem: %v\n", err)
	var usage cli.ExitCoder
	if errors.As(err, &usage) {
		fmt.Fprintln(stderr, "Run tandem --help for all flags, or tandem help client for those of a role.")
		return usage.ExitCode()
	}
	return exitFailed
}

// usagef is an error that the user can mend on the command line.
func usagef(format string, args ...any) error {
	return cli.Exit(fmt.Errorf(format, args...), exitUsage)
}

const usage = `tandem runs a neural network over several small devices, and compares how they help each other.

  tandem [flags]                      all four roles in this process, every strategy in turn
  tandem --role client|fast|slow|end  one role, one process on each device
  tandem inspect net.onnx             where a network can be cut, and what each cut costs
  tandem plot runs.jsonl -o x.svg     a picture of runs, or of one over time
  tandem cert end slow fast client    certificates for these devices, and a CA
  tandem help client|fast|slow|end    the flags that a role takes
  tandem help inspect|plot|cert       the flags of a command

Every flag can be set by an environment variable too: --max-age by TANDEM_MAX_AGE.
`

// newApp declares the program: every setting becomes a flag.
func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name: "tandem", Version: programVersion(), HideHelpCommand: true, Writer: stdout, ErrWriter: stderr,
		CustomAppHelpTemplate: usage + options.Help(options.Local),
		ExitErrHandler:        func(*cli.Context, error) {}, // run returns the code
		OnUsageError:          unknownFlag,
		Flags:                 []cli.Flag{cli.HelpFlag}, // which cli leaves out where there is a command of that name
		Commands:              []*cli.Command{inspect.Command(stdout), plot.Command(stdin), cert.Command(stdout), helpCommand(stdout)},
	}
	for _, s := range options.Table() {
		switch {
		case s.Switch:
			app.Flags = append(app.Flags, &cli.BoolFlag{Name: s.Name})
		case s.Many:
			app.Flags = append(app.Flags, &cli.StringSliceFlag{Name: s.Name})
		default:
			app.Flags = append(app.Flags, &cli.StringFlag{Name: s.Name})
		}
	}
	for _, c := range app.Commands {
		c.OnUsageError = app.OnUsageError
	}
	app.Action = func(c *cli.Context) error {
		if word := c.Args().First(); word != "" {
			return usagef("%q is no command%s (all settings begin with --)", word, options.Suggest(word, names(app.Commands)))
		}
		given, err := options.FromEnvironment(os.Environ())
		for _, s := range options.Table() {
			switch {
			case !c.IsSet(s.Name):
			case s.Switch:
				given[s.Name] = []string{strconv.FormatBool(c.Bool(s.Name))}
			case s.Many:
				given[s.Name] = c.StringSlice(s.Name)
			default:
				given[s.Name] = []string{c.String(s.Name)}
			}
		}
		o, wrong := given.Options()
		if err := errors.Join(err, wrong); err != nil {
			return cli.Exit(err, exitUsage)
		}
		o.Version, o.Stdin, o.Stdout, o.Stderr = programVersion(), stdin, stdout, stderr
		if err := o.Validate(); err != nil {
			return cli.Exit(err, exitUsage)
		}
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
		return usagef("--%s is no flag of tandem %s%s", name, c.Command.Name, options.Suggest(name, names(c.Command.Flags)))
	}
	return usagef("--%s is no flag%s", name, options.SuggestFlag(name))
}

// flagsFirst lets the flags of a command follow its files or names.
func flagsFirst(args []string) []string {
	if len(args) < 2 || strings.HasPrefix(args[1], "-") {
		return args
	}
	var flags, files []string
	for i := 2; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			files = append(files, args[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' { // a single - is stdin
			files = append(files, arg)
			continue
		}
		flags = append(flags, arg)
		name := strings.TrimLeft(arg, "-")
		if alone := strings.Contains(arg, "=") || name == "calibrate" || name == "help" || name == "h"; !alone && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	return append(append(args[:2:2], flags...), append([]string{"--"}, files...)...)
}

func helpCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{Name: "help", Usage: "show the flags of a role or a command", Action: func(c *cli.Context) error {
		word := c.Args().First()
		if word == "" {
			return cli.ShowAppHelp(c)
		}
		if c.App.Command(word) != nil {
			return c.App.RunContext(c.Context, []string{c.App.Name, word, "--help"})
		}
		if r := options.Role(word); slices.Contains(options.Roles, r) {
			_, err := fmt.Fprintf(stdout, "tandem --role %s takes:\n%s", word, options.Help(r))
			return err
		}
		return usagef("%q is no role and no command%s", word, options.Suggest(word, append(names(c.App.Commands), "client", "fast", "slow", "end")))
	}}
}

// programVersion is the linker's, or what the Go tool knows of the source.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return "dev"
}
