package plan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"tandem/model"
	"tandem/role/cert"
	"tandem/role/command"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/role/resolve"
	"tandem/strategy"
	"tandem/strategy/placement"
	"tandem/transport"
)

// What a plan may be for.
const (
	Rate    = "rate"
	Latency = "latency"
)

// Options say what is planned.
type Options struct {
	options.Options                                                                      // the network, the nodes (Next), keys and certificates
	For             string                                                               // Rate or Latency
	Offered         float64                                                              // frames a second that a plan for latency has to carry
	Dial            func(ctx context.Context, network, address string) (net.Conn, error) // nil: over TCP, with names looked up as in --next
}

// settings are those that mean here what they mean for a run; and played are those of the client that plays one, with --apply.
var (
	settings = []string{"shape", "strategy", "wire", "end", "tls-cert", "tls-key", "tls-ca", "key", "max-body", "format", "output"}
	played   = []string{"tasks", "load", "frames", "interval", "arrivals", "input", "source", "newest", "strict", "fit", "preprocess", "labels", "wait", "drain", "seed", "last-seen"}
)

// Play plays a run, as a client does.
type Play func(context.Context, options.Options) error

// Command is tandem plan.
func Command(version string, stdout, stderr io.Writer, play Play) *cli.Command {
	given := options.Given{}
	o := Options{Options: options.Default(options.Fast), For: Rate}
	apply := false
	return &cli.Command{
		Name: "plan", Usage: "find which node of a fleet should take which layers of a network",
		UsageText: "tandem plan net.onnx --nodes HOST,HOST,… [flags]   (fast and slow nodes that are running)\n" +
			"tandem plan net.onnx --nodes HOST,HOST,… --apply [flags of a client]",
		Flags: append(command.Of(given, append(slices.Clip(settings), played...)...),
			&cli.StringSliceFlag{Name: "nodes", Usage: "host, or host:port, of each node that may take part"},
			&cli.StringFlag{Name: "for", Destination: &o.For, Value: o.For, Usage: "rate, the most frames a second, or latency, the shortest way of a frame"},
			&cli.Float64Flag{Name: "offered", Destination: &o.Offered, Usage: "frames a second that a plan for latency has to carry"},
			&cli.BoolFlag{Name: "apply", Destination: &apply, Usage: "play a run with the cuts that are best for the order in which the nodes stand"},
		),
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return command.Wrong(fmt.Errorf("plan takes one file: %q is too much", c.Args().Get(1)))
			}
			o.Strategy, o.Report.Format, o.Stdout, o.Next = "balance", report.Table, stdout, nil
			o.Model = c.Args().First()
			errs := []error{o.set(given)}
			for _, text := range c.StringSlice("nodes") {
				address, err := options.ParseAddress(text)
				if err != nil {
					errs = append(errs, fmt.Errorf("--nodes %q: %w", text, err))
				}
				o.Next = append(o.Next, address)
			}
			if err := errors.Join(append(errs, o.validate())...); err != nil {
				return command.Wrong(err)
			}
			if !apply {
				for _, name := range played {
					if len(given[name]) > 0 {
						return command.Wrong(fmt.Errorf("--%s is for a run, which --apply plays: give that too", name))
					}
				}
				return Run(c.Context, o)
			}
			return o.apply(c.Context, given, func(ctx context.Context, client options.Options) error {
				client.Version, client.Stdout, client.Stderr = version, stdout, stderr
				return play(ctx, client)
			})
		},
	}
}

// set takes in what is given.
func (o *Options) set(given options.Given) error {
	var errs []error
	for _, s := range options.Table(&o.Options) {
		for _, text := range given[s.Name] {
			if !slices.Contains(settings, s.Name) {
				continue
			}
			if err := s.Value.Set(text); err != nil {
				errs = append(errs, fmt.Errorf("--%s %q: %w", s.Name, text, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (o Options) validate() error {
	switch {
	case len(o.Next) < 2:
		return fmt.Errorf("--nodes names %d: a pipeline has two nodes at least, as in --nodes a.local,b.local", len(o.Next))
	case o.For != Rate && o.For != Latency:
		return fmt.Errorf("--for %q: use %s or %s", o.For, Rate, Latency)
	case o.Offered < 0 || o.Offered > 1e6:
		return fmt.Errorf("--offered %g: use 0 to 1000000 frames a second", o.Offered)
	case o.Offered > 0 && o.For != Latency:
		return fmt.Errorf("--offered %g: it is for --for latency; the highest rate is what the plan says", o.Offered)
	case o.Report.Format == report.CSV:
		return fmt.Errorf("--format csv: use table or json")
	}
	return nil
}

// Run asks the nodes, finds the plan and prints it.
func Run(ctx context.Context, o Options) (err error) {
	network, err := model.OpenOrDefault(o.Model, o.Settings, o.Seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	p, err := o.Find(ctx, network)
	if err != nil {
		return err
	}
	out, err := report.Create(o.Report.Output, o.Stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if o.Report.Format == report.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(p)
	}
	p.print(out)
	return p.printCommands(out, o.Model, cmp.Or(o.End, "END"))
}

// Find asks the nodes and finds the best plan for a network.
func (o Options) Find(ctx context.Context, net *model.Network) (Plan, error) {
	var p Plan
	return p, o.with(ctx, net, func(fleet []node, t terms) (err error) {
		p, err = find(net, fleet, t)
		return err
	})
}

// terms are what a plan is made for.
type terms struct {
	placement.Goal
	strategy string
	wire     string
}

// with asks the nodes, and does something with what they have answered.
func (o Options) with(ctx context.Context, net *model.Network, do func([]node, terms) error) error {
	creds, stop, err := cert.Watch(o.Files, zerolog.Nop())
	if err != nil {
		return err
	}
	defer stop()
	dial := o.Dial
	if dial == nil {
		names := resolve.New(time.Second)
		defer names.Close()
		dial = names.DialContext
	}
	var clients []*transport.Client
	for _, address := range o.Next {
		l := transport.Limits{DialContext: dial, Dial: time.Second, Call: AskTime, Window: 1, MaxBody: o.MaxBody}
		clients = append(clients, transport.NewClient(address, l, creds))
	}
	fleet, err := ask(ctx, clients)
	if err != nil {
		return err
	}
	if err := suits(fleet, net.Digest(), net.Len()); err != nil {
		return err
	}
	entry, err := strategy.Lookup(o.Strategy)
	if err != nil {
		return err
	}
	return do(fleet, terms{placement.Goal{Latency: o.For == Latency, Offered: o.Offered, Help: entry.Keeps}, entry.Name, cmp.Or(o.Wire, transport.Float32)})
}
