package role

import (
	"cmp"
	"context"
	"math"
	"net"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/boot"
	"tandem/role/cert"
	"tandem/role/device"
	"tandem/role/discover"
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/role/resolve"
	"tandem/role/target"
	"tandem/transport"
	"tandem/transport/auth"
	"tandem/transport/link"
)

const (
	window   = 4               // pushes under way at once on an edge
	callTime = 2 * time.Second // for the answer to a push
)

// Run plays a role until the context ends (the nodes) or the run does (client and local). The context ends the intake:
// what is on the way is still worked off.
func Run(ctx context.Context, o options.Options) error {
	if err := o.Validate(); err != nil {
		return err
	}
	cfg := setup{Options: o, service: boot.NewService(o.Log)}
	defer cfg.service.Stop()
	creds, stop, err := cert.Watch(o.Files, o.Log)
	if cfg.credentials = creds; err != nil {
		return err
	}
	defer stop()
	resolver := resolve.New(target.DialTime)
	defer resolver.Close()
	cfg.names, cfg.dial = resolver, resolver.DialContext
	if o.Serve != "" {
		cfg.front = newFront(cfg)
	}
	switch o.Role {
	case options.Local:
		return runLocal(ctx, cfg)
	case options.Client:
		cfg.service.Ready(nil)
		return runClient(ctx, cfg)
	}
	return runNode(ctx, cfg)
}

// setup is what a user has set for a role, and what this process has opened for it.
type setup struct {
	options.Options
	credentials *auth.Credentials // what lies in the files of keys and certificates; nil: none
	service     *boot.Service     // that systemd knows this process as; nil: it does not
	front       *auth.Gate        // before the requests of --serve; nil: there are none
	uplink      *link.Uplink      // of the link's shape; nil: the real link
	device      *device.Device    // that the role runs on; nil: it has not been started
	place       int               // local: among the nodes of its role
	begun       func()            // is called when a client's run is open; nil: nobody wants to know
	network     network           // nil: TCP
	names       lookups           // nil: --next names nodes one by one
	dial        dial              // nil: over TCP, or the network
	found       *discover.Network // who announces themselves; nil: nobody is looked for
}

type dial func(ctx context.Context, network, address string) (net.Conn, error)

// lookups finds who a name of several nodes stands for.
type lookups interface {
	Members(ctx context.Context, text string) (addresses []string, err error)
}

// network is what the processes of a site reach each other over.
type network interface {
	Listen(network, address string) (net.Listener, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// listen listens where a node's neighbours reach it.
func (c setup) listen() (net.Listener, error) {
	if c.network != nil {
		return c.network.Listen("tcp", c.Listen)
	}
	return net.Listen("tcp", c.Listen)
}

// printer prints reports where the user wants them.
func (c setup) printer() (*report.Printer, error) {
	c.Report.Stdout = c.Stdout
	return report.Open(c.Report)
}

// reasons remembers why frames of a run are lost on a node.
func (c setup) reasons(id pipeline.NodeID, run string) *report.Reasons {
	return report.NewReasons(someOf(c.Log.With().Str("run", run).Logger()), edge.Called(id), c.buffer())
}

// someOf is a log for what may happen very often: it is on a card.
func someOf(log zerolog.Logger) zerolog.Logger {
	return log.Sample(&zerolog.BurstSampler{Burst: 3, Period: 10 * time.Second})
}

func newClient(cfg setup, address string) *transport.Client {
	l := transport.Limits{
		Dial: target.DialTime, Call: callTime, Window: window, MaxBody: cfg.MaxBody, Traffic: cfg.traffic(), Uplink: cfg.uplink,
	}
	if cfg.found != nil {
		l.ServerName = func() string { return cfg.found.ServerName(address) }
	}
	if l.DialContext = cfg.dial; cfg.network != nil {
		l.DialContext = cfg.network.DialContext
	}
	return transport.NewClient(address, l, cfg.credentials)
}

// targets are the neighbours that a setup names: those that frames or activations are sent to, and the one for results, which
// a client has not.
func targets(cfg setup) (next []target.Target, end *target.Target) {
	for i, address := range cfg.Next {
		if resolve.Many(address) {
			continue
		}
		t := target.Target{Client: newClient(cfg, address), Flag: "--next", Role: options.Slow, Own: cfg.Version}
		switch {
		case cfg.Role == options.Client && i == 0:
			t.Role = options.Fast
		case cfg.Role != options.Client && cfg.End == "": // the last of the nodes that compute
			t.Role = options.End
			return nil, &t
		}
		next = append(next, t)
	}
	if cfg.Role != options.Client {
		end = &target.Target{Client: newClient(cfg, cfg.End), Flag: "--end", Role: options.End, Own: cfg.Version}
	}
	return next, end
}

// await asks until a neighbour can be reached, for --wait.
func (c setup) await(ctx context.Context, ask func(context.Context) error) error {
	flags := "--next"
	if c.End != "" {
		flags += " or --end"
	}
	return target.Await(ctx, c.Wait, flags, c.Log, ask)
}

// buffer is how many bytes of frames may wait on the node; 0: it is not known how many.
func (c setup) buffer() int {
	const share = 8 // the weights are in memory too, messages as they come and go, and other programs
	return cmp.Or(c.Buffer, int(min(device.Memory()/share, math.MaxInt)))
}

// equip opens what the role runs on and sends over. It may have a device already: one that it shares, or a test's.
func (c *setup) equip() {
	if c.device == nil {
		c.device = openDevice(*c, false)
	}
	c.uplink = link.NewUplink(c.Link, c.Chances(c.place))
}

// openDevice looks at the machine that a role runs on. shared: it plays other roles too.
func openDevice(cfg setup, shared bool) *device.Device {
	return device.Open(device.Owner{
		Role: string(cfg.Role), Threads: cfg.Threads, Power: cfg.Power, Emulate: cfg.Emulate,
	}, shared)
}

// traffic counts what goes over the connections of this role; nil: it has not been started.
func (c setup) traffic() *link.Traffic {
	if c.device == nil {
		return nil
	}
	return &c.device.Traffic
}
