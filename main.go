// Command tandem runs a neural network over several small devices. One binary plays every role: see README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"tandem/role"
	"tandem/role/device"
	"tandem/role/plot"
	"tandem/strategy"
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
	var usage usageError
	if len(args) > 1 && slices.Contains([]string{"inspect", "plot", "cert"}, args[1]) {
		args = slices.Concat(args[:2], flagsFirst(args[2:]))
	}
	err := newApp(stdin, stdout, stderr).RunContext(ctx, args)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "tandem: %v\nRun tandem --help for all flags.\n", err)
		return exitUsage
	default:
		fmt.Fprintf(stderr, "tandem: %v\n", err)
		return exitFailed
	}
}

// usageError marks what the user can mend on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// newApp declares the program: every setting becomes a flag and an environment variable.
func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	values := make(map[string]*value)
	app := &cli.App{
		Name:            "tandem",
		Usage:           "run a neural network over several small devices, and compare how they help each other",
		UsageText:       "tandem [flags]                      all four roles in this process, compared\ntandem --role client|fast|slow|end  one role, one process on each device\ntandem inspect net.onnx             where a network can be cut, and what each cut costs\ntandem plot runs.jsonl -o x.svg     a picture of runs, or of one over time\ntandem cert end slow fast client    certificates for these devices, and a CA",
		Version:         programVersion(),
		HideHelpCommand: true,
		Writer:          stdout,
		ErrWriter:       stderr,
		ExitErrHandler:  func(*cli.Context, error) {}, // run returns the code
	}
	for _, s := range settings() {
		v := &value{setting: s}
		values[s.name] = v
		app.Flags = append(app.Flags, v.flag())
	}
	app.Action = func(c *cli.Context) error {
		if c.Args().Present() {
			return usageError{fmt.Errorf("%q is no flag: all settings begin with --", c.Args().First())}
		}
		cfg, err := configure(values, stderr)
		if err != nil {
			return usageError{err}
		}
		cfg.Stdin, cfg.Stdout, cfg.Stderr = stdin, stdout, stderr
		if err := cfg.Validate(); err != nil {
			return usageError{err}
		}
		return role.Run(c.Context, cfg)
	}
	app.Commands = []*cli.Command{inspectCommand(stdout), plotCommand(stdin), certCommand(stdout)}
	app.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return usageError{err} }
	for _, c := range app.Commands {
		c.OnUsageError = app.OnUsageError
	}
	return app
}

// flagsFirst lets the flags of a command follow its files or names.
func flagsFirst(args []string) []string {
	var flags, files []string
	for i := 0; i < len(args); i++ {
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
		alone := strings.Contains(arg, "=") || slices.Contains([]string{"calibrate", "help", "h"}, strings.TrimLeft(arg, "-"))
		if !alone && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	return slices.Concat(flags, []string{"--"}, files)
}

// inspectCommand shows where a network can be cut.
func inspectCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "show where a network can be cut, and what each cut costs",
		UsageText: "tandem inspect [net.onnx] [flags]   (without a file: the default model)",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "calibrate", Usage: "measure the time before and behind each cut on this device"},
			&cli.IntFlag{Name: "threads", Usage: "threads that share a large layer, where that is faster", Value: runtime.NumCPU(), DefaultText: "the number of cores"},
			&cli.StringFlag{Name: "format", Usage: "table or json", Value: string(role.Table)},
			&cli.StringFlag{Name: "output", Usage: "file for the result, overwritten (default: stdout)"},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the default model", Value: 1},
		},
		Action: func(c *cli.Context) error {
			format := role.Format(c.String("format"))
			switch {
			case c.NArg() > 1:
				return usageError{fmt.Errorf("inspect takes one file: %q is too much", c.Args().Get(1))}
			case format != role.Table && format != role.JSON:
				return usageError{fmt.Errorf("--format %q: use table or json", format)}
			case c.Int("threads") < 1 || c.Int("threads") > 256:
				return usageError{fmt.Errorf("--threads %d: use a whole number from 1 to 256", c.Int("threads"))}
			}
			return role.Inspect(role.Inspection{
				Model: c.Args().First(), Seed: c.Uint64("seed"), Calibrate: c.Bool("calibrate"), Threads: c.Int("threads"),
				Format: format, Output: c.String("output"), Stdout: stdout,
			})
		},
	}
}

// plotCommand draws what runs came to.
func plotCommand(stdin io.Reader) *cli.Command {
	return &cli.Command{
		Name: "plot", Usage: "draw coverage and rate of several runs, or one run over time",
		UsageText: "tandem plot runs.jsonl... --output sweep.svg   reports of --format json; -: stdin\ntandem plot --trace trace.jsonl --output run.svg",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "file for the picture, .svg or .png, overwritten"},
			&cli.StringFlag{Name: "by", Usage: "what is on the horizontal axis: " + strings.Join(plot.Parameters(), ", ") + " (default: the first that varies)"},
			&cli.StringFlag{Name: "trace", Usage: "file with the decisions of runs; the last of them is drawn over time"},
			&cli.StringFlag{Name: "run", Usage: "id of another run in the trace"},
			&cli.StringFlag{Name: "title", Usage: "above the picture"},
		},
		Action: func(c *cli.Context) error {
			p := plot.Picture{
				Reports: c.Args().Slice(), By: c.String("by"), Trace: c.String("trace"), Run: c.String("run"),
				Title: c.String("title"), Output: c.String("output"), Stdin: stdin,
			}
			if err := p.Validate(); err != nil {
				return usageError{err}
			}
			return plot.Draw(p)
		},
	}
}

// certCommand makes certificates.
func certCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name: "cert", Usage: "make certificates for --tls-cert, --tls-key and --tls-ca, and a CA where there is none yet",
		UsageText: "tandem cert [--ca-dir FOLDER] NAME[,NAME or ADDRESS]...   (as others call the device, for example: slow,192.168.1.12)",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "ca-dir", Usage: "where the CA lies, and the certificates go", Value: "."},
		},
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usageError{fmt.Errorf("cert needs the names of the devices, as in: tandem cert end slow fast client")}
			}
			return role.Certify(role.Certification{Dir: c.String("ca-dir"), Devices: c.Args().Slice(), Stdout: stdout})
		},
	}
}

// configure applies the values that were given to the defaults of their role.
func configure(values map[string]*value, stderr io.Writer) (role.Config, error) {
	r := role.Local
	if v := values["role"]; len(v.given) > 0 {
		r = role.Role(v.given[0])
	}
	cfg := role.Default(r)
	cfg.Version = programVersion()
	level, json := zerolog.InfoLevel, false
	if r == role.Local {
		level = zerolog.WarnLevel // four nodes in one terminal, and a table to come
	}
	calibrate := len(values["calibrate"].given) > 0 && (r == role.Fast || r == role.Slow)
	var errs []error
	for _, s := range settings() {
		for _, text := range values[s.name].given {
			switch {
			case calibrate && !s.calibrated:
				errs = append(errs, fmt.Errorf("--%s means nothing with --calibrate, which runs no pipeline", s.name))
			case !calibrate && !slices.Contains(s.roles, r):
				of := "for the role " + string(r)
				if r == role.Local {
					of = "without --role"
				}
				errs = append(errs, fmt.Errorf("--%s means nothing %s: it is for %s", s.name, of, names(s.roles)))
			case s.name == "log-level":
				level, _ = zerolog.ParseLevel(text) // checked when it was set
			case s.name == "log-format":
				json = text == "json"
			default:
				_ = s.set(&cfg, text) // checked when it was set
			}
		}
	}
	var logs io.Writer = zerolog.ConsoleWriter{Out: stderr, TimeFormat: time.TimeOnly, NoColor: !role.Terminal(stderr)}
	if json {
		logs = stderr
	}
	cfg.Log = zerolog.New(logs).Level(level).With().Timestamp().Logger()
	if r != role.Local {
		cfg.Log = cfg.Log.With().Str("role", string(r)).Logger()
	}
	return cfg, errors.Join(errs...)
}

// setting is one thing that a user can set.
type setting struct {
	name  string
	usage string
	roles []role.Role
	// calibrated: it is for --calibrate.
	calibrated bool
	many       bool // may be given more than once
	onOff      bool // takes no value
	set        func(*role.Config, string) error
}

// Which roles a setting is for.
var (
	anyRole   = []role.Role{role.Local, role.Client, role.Fast, role.Slow, role.End}
	servers   = []role.Role{role.Fast, role.Slow, role.End}
	workers   = []role.Role{role.Local, role.Fast, role.Slow}
	networked = []role.Role{role.Client, role.Fast, role.Slow, role.End}
	feeders   = []role.Role{role.Local, role.Client}
)

func settings() []setting {
	return []setting{
		{name: "role", usage: "client, fast, slow or end; without it, all of them in this process", calibrated: true, roles: anyRole,
			set: oneOf(func(c *role.Config, s string) { c.Role = role.Role(s) }, "client", "fast", "slow", "end")},
		{name: "listen", usage: "host:port to listen on (default: :12345)", roles: servers,
			set: address(func(c *role.Config, s string) { c.Listen = s })},
		{name: "next", usage: "host:port of the next node; more than once for several slow nodes; for the client, of each node that takes frames (more than once for replicate)", many: true,
			roles: []role.Role{role.Client, role.Fast, role.Slow},
			set:   address(func(c *role.Config, s string) { c.Next = append(c.Next, s) })},
		{name: "end", usage: "host:port of the end node, for results of fast, and of a slow node that hands over to a further one", roles: []role.Role{role.Fast, role.Slow},
			set: address(func(c *role.Config, s string) { c.End = s })},

		{name: "strategy", usage: "what the fast node does about overload: " + strings.Join(strategy.Names(), ", ") + " (default: all in turn; on fast, what a run without one uses: balance)",
			roles: []role.Role{role.Local, role.Client, role.Fast},
			set: func(c *role.Config, s string) error {
				e, err := strategy.Lookup(s)
				c.Strategy = e.Name
				return err
			}},
		{name: "tasks", usage: "frames that fast finishes after one switch (default: 20)", roles: []role.Role{role.Local, role.Client, role.Fast},
			set: whole(1, 1<<30, func(c *role.Config, n int) { c.Tasks = n })},
		{name: "load", usage: "how fast makes the tail resident: background, beside the work, or blocking, as in the original (default: blocking for takeover and alternate, background for others)", roles: []role.Role{role.Local, role.Client, role.Fast},
			set: parsed(strategy.ParseLoading, func(c *role.Config) *strategy.Loading { return &c.Load })},
		{name: "frames", usage: "frames to send; 0: until a signal or the input's end (default: 100)", roles: feeders,
			set: func(c *role.Config, s string) (err error) {
				if c.Frames, err = strconv.ParseUint(s, 10, 48); err != nil {
					return fmt.Errorf("use a whole number, 0 or more")
				}
				return nil
			}},
		{name: "interval", usage: "time between frames; 0: as fast as they are taken (default: 30ms)", roles: feeders,
			set: duration(0, func(c *role.Config, d time.Duration) { c.Interval = d })},
		{name: "input", usage: "frames: a .npy file (float32, rows are frames), a PNG or JPEG image, a folder of them, mjpeg:- for the stream of a camera on stdin, or - for raw little-endian float32 on stdin (default: one random vector)", roles: feeders,
			set: text(func(c *role.Config, s string) { c.Input = s })},
		{name: "labels", usage: "true classes: a .npy file of integers, one for each row of the input; end then reports the accuracy", roles: []role.Role{role.Local, role.Client, role.End},
			set: text(func(c *role.Config, s string) { c.Labels = s })},
		{name: "results", usage: "file for one JSON line per delivered frame", roles: []role.Role{role.Local, role.End},
			set: text(func(c *role.Config, s string) { c.Results = s })},

		{name: "classes", usage: "file with the names of the classes, one on each line, for --results", roles: []role.Role{role.Local, role.End},
			set: text(func(c *role.Config, s string) { c.Classes = s })},
		{name: "mean", usage: "of images: subtracted from each channel's values in [0, 1]: imagenet, one number or three (default: 0)", roles: feeders,
			set: parsed(role.ParseMean, func(c *role.Config) *[]float32 { return &c.Mean })},
		{name: "std", usage: "of images: each channel is then divided by it: imagenet, one number or three (default: 1)", roles: feeders,
			set: parsed(role.ParseStd, func(c *role.Config) *[]float32 { return &c.Std })},
		{name: "layout", usage: "of images in the model's input: chw (PyTorch) or hwc (Keras) (default: the dimension of 1 or 3 is the channels)", roles: feeders,
			set: oneOf(func(c *role.Config, s string) { c.Layout = role.Layout(s) }, "chw", "hwc")},

		{name: "model", usage: "ONNX file, the same on every node (default: two dense layers, 100 to 2000 to 2000)", calibrated: true, roles: workers,
			set: text(func(c *role.Config, s string) { c.Model = s })},
		{name: "cut", usage: "where the slow node's layers begin: a layer index or the name of a tensor; once for each hand-over in a chain of slow nodes (default: where the work is split most evenly; on slow, where fast cuts)", calibrated: true, many: true, roles: workers,
			set: text(func(c *role.Config, s string) { c.Cuts = append(c.Cuts, s) })},
		{name: "seed", usage: "seed of the default model's weights, of the default input, and of an emulated link's chances (default: 1)", calibrated: true, roles: anyRole,
			set: func(c *role.Config, s string) (err error) {
				if c.Seed, err = strconv.ParseUint(s, 10, 64); err != nil {
					return fmt.Errorf("use a whole number, 0 or more")
				}
				return nil
			}},
		{name: "queue", usage: "places in the queue of fast and slow (default: 10)", roles: workers,
			set: whole(1, 1<<20, func(c *role.Config, n int) { c.Queue = n })},
		{name: "high-water", usage: "frames in the queue from which on the node calls itself overloaded (default: when the queue is full)", roles: workers,
			set: whole(1, 1<<20, func(c *role.Config, n int) { c.HighWater = n })},
		{name: "drop", usage: "which frame goes when the queue is full: newest, or oldest, as for live video (default: newest)", roles: workers,
			set: oneOf(func(c *role.Config, s string) { c.Drop = role.Drop(s) }, string(role.DropNewest), string(role.DropOldest))},
		{name: "max-age", usage: "frames older than this are not computed any more; 0: none is too old (default: 0)", roles: workers,
			set: duration(0, func(c *role.Config, d time.Duration) { c.MaxAge = d })},
		{name: "threads", usage: "threads that share a large layer, where that is faster (default: the number of cores; without a role, half of it)", calibrated: true, roles: workers,
			set: whole(1, 256, func(c *role.Config, n int) { c.Threads = n })},
		{name: "batch", usage: "most waiting frames that are computed together; none waits for others (default: 1)", roles: workers,
			set: whole(1, 256, func(c *role.Config, n int) { c.Batch = n })},
		{name: "resident", usage: "keep the tail in fast's memory, so that a switch costs nothing", onOff: true, roles: []role.Role{role.Local, role.Fast},
			set: onOff(func(c *role.Config, on bool) { c.Resident = on })},
		{name: "emulate", usage: "take the time of another device: off, pi3, or times as in head=4ms,tail=42ms,load=580ms; tail=42ms,126ms@10s becomes slower in the course of a run (default: off; without a role, pi3)", roles: workers,
			set: parsed(role.ParseEmulation, func(c *role.Config) *role.Emulation { return &c.Emulate })},
		{name: "emulate-slow", usage: "what the slow nodes emulate (default: the same as --emulate)", roles: []role.Role{role.Local},
			set: func(c *role.Config, s string) error {
				e, err := role.ParseEmulation(s)
				c.EmulateSlow = &e
				return err
			}},
		{name: "slow-nodes", usage: "how many slow nodes there are (default: 1)", roles: []role.Role{role.Local},
			set: whole(1, 64, func(c *role.Config, n int) { c.SlowNodes = n })},
		{name: "link", usage: "send over an emulated link: wifi, wifi-pi4, ethernet, or a shape as in delay=3ms,jitter=2ms,loss=1%,rate=20mbit (default: off, the real link)", roles: anyRole,
			set: parsed(role.ParseLink, func(c *role.Config) *role.Link { return &c.Link })},
		{name: "wire", usage: "how values travel between nodes: float32, float16 or int8 (default: float32; on fast, what a run without one uses)", roles: []role.Role{role.Local, role.Client, role.Fast},
			set: parsed(role.ParseWire, func(c *role.Config) *string { return &c.Wire })},
		{name: "trace", usage: "file for one JSON line per decision of the strategy, overwritten; on slow only with --end", roles: workers,
			set: text(func(c *role.Config, s string) { c.Trace = s })},
		{name: "power", usage: "what this device draws, for the energy in reports: off, pi3b+, pi4, pi5, or watts IDLE,BUSY as in 2.1,4.5 and as a third number nanojoules for a byte (default: its meter, or what is known of the Raspberry Pi that it is or emulates)", roles: anyRole,
			set: parsed(device.ParsePower, func(c *role.Config) *device.Power { return &c.Power })},

		{name: "watch", usage: "print a line a second with the node's live figures to stderr, where that is a terminal", onOff: true, roles: servers,
			set: onOff(func(c *role.Config, on bool) { c.Watch = on })},
		{name: "calibrate", usage: "measure what the layers cost on this device, print it as a table or JSON, and stop", onOff: true, calibrated: true, roles: []role.Role{role.Fast, role.Slow},
			set: onOff(func(c *role.Config, on bool) { c.Calibrate = on })},
		{name: "format", usage: "of reports: table, json or csv (default: table)", calibrated: true, roles: []role.Role{role.Local, role.Client, role.End},
			set: parsed(role.ParseFormat, func(c *role.Config) *role.Format { return &c.Format })},
		{name: "no-header", usage: "print CSV without its header", onOff: true, roles: []role.Role{role.Local, role.Client, role.End},
			set: onOff(func(c *role.Config, on bool) { c.Header = !on })},
		{name: "output", usage: "file for reports, overwritten (default: stdout)", calibrated: true, roles: []role.Role{role.Local, role.Client, role.End},
			set: text(func(c *role.Config, s string) { c.Output = s })},

		{name: "tls-cert", usage: "PEM file of this node's certificate, for TLS on every hop, asked of both sides; tandem cert makes one (with --tls-key and --tls-ca)", roles: networked,
			set: text(func(c *role.Config, s string) { c.TLSCert = s })},
		{name: "tls-key", usage: "PEM file of that certificate's key", roles: networked,
			set: text(func(c *role.Config, s string) { c.TLSKey = s })},
		{name: "tls-ca", usage: "PEM file of the CA whose certificates are accepted", roles: networked,
			set: text(func(c *role.Config, s string) { c.TLSCA = s })},
		{name: "key", usage: "file with a secret that all nodes and clients share: the first line is shown, every line accepted; unencrypted without TLS", roles: networked,
			set: text(func(c *role.Config, s string) { c.Key = s })},

		{name: "max-body", usage: "largest message that is taken or sent, such as 8MiB (default: 8MiB)", roles: anyRole,
			set: func(c *role.Config, s string) error {
				n, err := humanize.ParseBytes(s)
				if err != nil || n < 1<<10 || n > 1<<30 {
					return fmt.Errorf("use a size from 1KiB to 1GiB")
				}
				c.MaxBody = int(n)
				return nil
			}},
		{name: "wait", usage: "how long to wait at the start for the nodes below (default: 5s)", roles: []role.Role{role.Client, role.Fast, role.Slow},
			set: duration(0, func(c *role.Config, d time.Duration) { c.Wait = d })},
		{name: "idle", usage: "a neighbour silent for so long has left its run (default: 10s)", roles: servers,
			set: duration(2*time.Second, func(c *role.Config, d time.Duration) { c.Idle = d })},
		{name: "drain", usage: "how long a closing run may work off its queues, on each node (default: 1m)", roles: anyRole,
			set: duration(100*time.Millisecond, func(c *role.Config, d time.Duration) { c.Drain = d })},
		{name: "log-level", usage: "debug, info, warn or error (default: info; without a role, warn)", calibrated: true, roles: anyRole,
			set: oneOf(func(*role.Config, string) {}, "debug", "info", "warn", "error")},
		{name: "log-format", usage: "console or json (default: console)", calibrated: true, roles: anyRole,
			set: oneOf(func(*role.Config, string) {}, "console", "json")},
	}
}

// The parsers below turn a flag's text into a typed value; their errors say what is allowed.

func text(set func(*role.Config, string)) func(*role.Config, string) error {
	return func(c *role.Config, s string) error {
		if s == "" {
			return fmt.Errorf("it is empty")
		}
		set(c, s)
		return nil
	}
}

func oneOf(set func(*role.Config, string), allowed ...string) func(*role.Config, string) error {
	return func(c *role.Config, s string) error {
		if !slices.Contains(allowed, s) {
			return fmt.Errorf("use one of %s", strings.Join(allowed, ", "))
		}
		set(c, s)
		return nil
	}
}

func parsed[T any](parse func(string) (T, error), in func(*role.Config) *T) func(*role.Config, string) error {
	return func(c *role.Config, s string) error {
		v, err := parse(s)
		if err != nil {
			return err
		}
		*in(c) = v
		return nil
	}
}

func onOff(set func(*role.Config, bool)) func(*role.Config, string) error {
	return func(c *role.Config, s string) error {
		on, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("use true or false")
		}
		set(c, on)
		return nil
	}
}

func whole(from, to int, set func(*role.Config, int)) func(*role.Config, string) error {
	return func(c *role.Config, s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < from || n > to {
			return fmt.Errorf("use a whole number from %d to %d", from, to)
		}
		set(c, n)
		return nil
	}
}

func duration(least time.Duration, set func(*role.Config, time.Duration)) func(*role.Config, string) error {
	return func(c *role.Config, s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < least {
			return fmt.Errorf("use a time of %s or more, such as 30ms or 1m", least)
		}
		set(c, d)
		return nil
	}
}

func address(set func(*role.Config, string)) func(*role.Config, string) error {
	return func(c *role.Config, s string) error {
		_, port, err := net.SplitHostPort(s)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
			return fmt.Errorf("use host:port, such as fast:12345")
		}
		set(c, s)
		return nil
	}
}

// value keeps what was given for a setting until the role is known. It implements cli.Generic.
type value struct {
	setting
	given []string
	again bool // the next value takes the place of those given, which came from the environment
}

func (v *value) flag() cli.Flag {
	env := "TANDEM_" + strings.ToUpper(strings.ReplaceAll(v.name, "-", "_"))
	return overridable{&cli.GenericFlag{Name: v.name, Usage: v.usage, EnvVars: []string{env}, Value: v}, v}
}

// Set checks a value and keeps it. In the environment, several are separated by commas.
func (v *value) Set(s string) error {
	if v.again || !v.many {
		v.given, v.again = nil, false
	}
	texts := []string{s}
	if v.many {
		texts = strings.Split(s, ",")
	}
	for _, t := range texts {
		if err := v.set(new(role.Config), t); err != nil {
			return err
		}
		v.given = append(v.given, t)
	}
	return nil
}

func (v *value) String() string   { return "" } // the usage states the default, which depends on the role
func (v *value) IsBoolFlag() bool { return v.onOff }

// overridable lets a flag take the place of its environment variable where it would add to it.
type overridable struct {
	*cli.GenericFlag
	value *value
}

func (f overridable) TakesValue() bool { return !f.value.onOff }
func (f overridable) String() string   { return cli.FlagStringer(f) }

func (f overridable) Apply(set *flag.FlagSet) error {
	err := f.GenericFlag.Apply(set)
	f.value.again = true
	return err
}

func names(roles []role.Role) string {
	var all []string
	for _, r := range roles {
		all = append(all, string(r))
	}
	return strings.Join(all, ", ")
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
