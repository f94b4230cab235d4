package discover

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"tandem/role/cert"
	"tandem/role/command"
	"tandem/role/options"
	"tandem/role/resolve"
	"tandem/transport"
)

// settings are those that mean here what they mean for a run.
var settings = []string{"pipeline", "tls-cert", "tls-key", "tls-ca", "key", "max-body"}

// Command is tandem nodes.
func Command(stdout io.Writer) *cli.Command {
	given := options.Given{}
	return &cli.Command{
		Name: "nodes", Usage: "list the nodes that announce themselves on the network", UsageText: "tandem nodes [flags]",
		Flags: append([]cli.Flag{&cli.BoolFlag{Name: "json", Usage: "one line of JSON for each node"}}, command.Of(given, settings...)...),
		Action: func(c *cli.Context) error {
			if err := command.NoArguments(c); err != nil {
				return err
			}
			given["role"] = []string{string(options.Client)} // who calls nodes, as this does
			o, err := given.Options(os.Environ())
			if err != nil {
				return command.Wrong(err)
			}
			nodes, err := see(c.Context, o)
			if err != nil {
				return err
			}
			if !c.Bool("json") {
				return print(stdout, nodes)
			}
			encoder := json.NewEncoder(stdout)
			for _, n := range nodes {
				if err := encoder.Encode(n); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// Seen is a node that announces itself, and what it answers.
type Seen struct {
	Node
	Device string  `json:"device,omitempty"`
	Load   float64 `json:"load"`            // how much of its processors is wanted; 1: all
	Error  string  `json:"error,omitempty"` // why it does not answer; empty: it does
}

// For how long nodes are looked for, and one that was found is asked.
const (
	searching = 3 // looks
	asking    = 2 * time.Second
)

// see looks for nodes, and asks each what it is.
func see(ctx context.Context, o options.Options) ([]Seen, error) {
	creds, stop, err := cert.Watch(o.Files, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer stop()
	network, err := Join(nil, 0)
	if err != nil {
		return nil, err
	}
	defer network.Close()
	resolver := resolve.New(asking / 2)
	defer resolver.Close()
	var nodes []Node
	for range searching {
		if nodes, err = network.Look(ctx); err != nil {
			return nil, err
		}
	}
	if o.Pipeline != "" {
		nodes = slices.DeleteFunc(nodes, func(n Node) bool { return n.Pipeline != o.Pipeline })
	}
	all := make([]Seen, len(nodes))
	var asked sync.WaitGroup
	for i, n := range nodes {
		asked.Go(func() {
			l := transport.Limits{
				Dial: asking / 2, Call: asking, Window: 1, MaxBody: o.MaxBody, DialContext: resolver.DialContext,
				ServerName: func() string { return network.ServerName(n.Address) },
			}
			client := transport.NewClient(n.Address, l, creds)
			defer client.CloseIdle()
			all[i] = ask(ctx, n, client.Describe)
		})
	}
	asked.Wait()
	return all, nil
}

// ask asks a node what it is. What it says holds, and not what was announced.
func ask(ctx context.Context, n Node, describe func(context.Context) (transport.Description, error)) Seen {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	s := Seen{Node: n}
	d, err := describe(ctx)
	if err != nil {
		s.Error = strings.TrimPrefix(err.Error(), n.Address+" ")
		return s
	}
	s.Role, s.Version, s.Device, s.Load = options.Role(d.Role), d.Version, d.Device, d.Load
	if d.Model != "" {
		s.Model, s.Digest, s.Layers = d.Model, d.Digest, d.Layers
	}
	return s
}
