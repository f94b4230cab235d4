package options

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/input"
	"tandem/role/report"
	"tandem/strategy"
	"tandem/transport"
	"tandem/transport/link"
)

// Setting is one thing that a user can set: a flag, and the environment variable TANDEM_NAME.
type Setting struct {
	Name     string
	Category string
	Usage    string // what it is, without its default
	Unset    string // what holds when nothing is set, where the value itself does not say it
	Roles    []Role // that take it
	Others   string // why the others don't, as in "needs no model: …"; empty: it means nothing to them
	Many     bool   // may be given more than once
	Switch   bool   // takes no value
	Value    func(*Options) Value
}

// The categories, in the order in which help shows them.
const (
	whatRuns  = "what runs"
	network   = "the network"
	framesIn  = "frames in"
	answers   = "answers out"
	theQueue  = "the queue"
	emulation = "emulation"
	reports   = "reports and logs"
	security  = "security"
	limits    = "limits"
)

// Which roles a setting is for.
var (
	anyRole   = []Role{Local, Client, Fast, Slow, End}
	networked = Roles
	servers   = []Role{Fast, Slow, End}
	senders   = []Role{Client, Fast, Slow}
	workers   = []Role{Local, Fast, Slow}
	feeders   = []Role{Local, Client}
	deciders  = []Role{Local, Client, Fast}
	reporters = []Role{Local, Client, End}
)

// Table is all that can be set. A new setting is one line here, and a field.
func Table() []Setting {
	return []Setting{
		{Name: "role", Category: whatRuns, Roles: anyRole, Usage: "client, fast, slow or end", Unset: "all of them in this process, one strategy after the other",
			Value: func(o *Options) Value { return oneOf(&o.Role, Roles...) }},
		{Name: "next", Category: whatRuns, Roles: senders, Many: true,
			Usage: "host, or host:port, of the next node; more than once for several slow nodes; for the client, of each node that takes frames (more than once for replicate)",
			Value: func(o *Options) Value { return list(&o.Next, parseAddress) }},
		{Name: "end", Category: whatRuns, Roles: []Role{Fast, Slow}, Usage: "host, or host:port, of the end node, for results of fast, and of a slow node that hands over to a further one",
			Value: func(o *Options) Value { return address(&o.End) }},
		{Name: "listen", Category: whatRuns, Roles: servers, Usage: "host:port to listen on",
			Value: func(o *Options) Value { return address(&o.Listen) }},
		{Name: "wait", Category: whatRuns, Roles: senders, Usage: "how long to wait at the start for the nodes below",
			Value: func(o *Options) Value { return duration(&o.Wait, 0) }},
		{Name: "strategy", Category: whatRuns, Roles: deciders, Usage: "what the fast node does about overload: " + strings.Join(strategy.Names(), ", "),
			Unset: "without --role all in turn; for the client, the fast node's",
			Value: func(o *Options) Value { return parsed(&o.Strategy, parseStrategy, zeroIsUnset) }},
		{Name: "tasks", Category: whatRuns, Roles: deciders, Usage: "frames that fast finishes after one switch", Unset: "for the client, the fast node's",
			Value: func(o *Options) Value { return whole(&o.Tasks, 1, 1<<30) }},
		{Name: "load", Category: whatRuns, Roles: deciders, Usage: "how fast makes the tail resident: background, beside the work, or blocking, as in the original",
			Unset: "blocking for takeover and alternate, background for others",
			Value: func(o *Options) Value { return parsed(&o.Load, strategy.ParseLoading, zeroIsUnset) }},
		{Name: "resident", Category: whatRuns, Roles: []Role{Local, Fast}, Switch: true, Usage: "keep the tail in fast's memory, so that a switch costs nothing",
			Value: func(o *Options) Value { return onOff(&o.Resident) }},
		{Name: "slow-nodes", Category: whatRuns, Roles: []Role{Local}, Usage: "how many slow nodes there are",
			Value: func(o *Options) Value { return whole(&o.SlowNodes, 1, 64) }},

		{Name: "model", Category: network, Roles: workers, Others: "needs no model: fast and slow have it", Usage: "ONNX file, the same on every node",
			Unset: "two dense layers, 100 to 2000 to 2000",
			Value: func(o *Options) Value { return text(&o.Model) }},
		{Name: "cut", Category: network, Roles: workers, Many: true,
			Usage: "where the slow node's layers begin: a layer index or the name of a tensor; once for each hand-over in a chain of slow nodes",
			Unset: "where the work is split most evenly; on slow, where fast cuts",
			Value: func(o *Options) Value { return list(&o.Cuts, notEmpty) }},
		{Name: "threads", Category: network, Roles: workers, Usage: "threads that share a large layer, where that is faster: by default the number of cores, without --role half of it",
			Value: func(o *Options) Value { return whole(&o.Threads, 1, 256) }},
		{Name: "batch", Category: network, Roles: workers, Usage: "most waiting frames that are computed together; none waits for others",
			Value: func(o *Options) Value { return whole(&o.Batch, 1, 256) }},
		{Name: "seed", Category: network, Roles: anyRole, Usage: "seed of the default model's weights, of the default input, and of an emulated link's chances",
			Value: func(o *Options) Value { return natural(&o.Seed, 64) }},

		{Name: "frames", Category: framesIn, Roles: feeders, Usage: "frames to send; 0: until a signal or the input's end",
			Value: func(o *Options) Value { return natural(&o.Frames, 48) }},
		{Name: "interval", Category: framesIn, Roles: feeders, Usage: "time between frames; 0: as fast as they are taken",
			Value: func(o *Options) Value { return duration(&o.Interval, 0) }},
		{Name: "input", Category: framesIn, Roles: feeders,
			Usage: "frames: a .npy file (float32, rows are frames), a PNG or JPEG image, a folder of them, mjpeg:- for the stream of a camera on stdin, or - for raw little-endian float32 on stdin",
			Unset: "one random vector",
			Value: func(o *Options) Value { return text(&o.Input.Path) }},
		{Name: "preprocess", Category: framesIn, Roles: feeders,
			Usage: "of images, whose values are in [0, 1]: imagenet, or mean, std and layout as in mean=0.485,0.456,0.406,std=0.5,layout=hwc (chw as in PyTorch, hwc as in Keras)",
			Unset: "values as they are; the dimension of 1 or 3 is the channels",
			Value: func(o *Options) Value {
				return parsed(&o.Input.Preprocess, input.ParsePreprocess, func(input.Preprocess) string { return "" })
			}},
		{Name: "labels", Category: framesIn, Roles: reporters, Usage: "true classes: a .npy file of integers, one for each row of the input; end then reports the accuracy",
			Value: func(o *Options) Value { return text(&o.Input.Labels) }},

		{Name: "results", Category: answers, Roles: []Role{Local, End}, Usage: "file for one JSON line per delivered frame",
			Value: func(o *Options) Value { return text(&o.Results) }},
		{Name: "classes", Category: answers, Roles: []Role{Local, End}, Usage: "file with the names of the classes, one on each line, for --results",
			Value: func(o *Options) Value { return text(&o.Classes) }},

		{Name: "queue", Category: theQueue, Roles: workers, Usage: "places in the queue of fast and slow",
			Value: func(o *Options) Value { return whole(&o.Queue, 1, 1<<20) }},
		{Name: "high-water", Category: theQueue, Roles: workers, Usage: "frames in the queue from which on the node calls itself overloaded", Unset: "when the queue is full",
			Value: func(o *Options) Value { return whole(&o.HighWater, 1, 1<<20) }},
		{Name: "drop", Category: theQueue, Roles: workers, Usage: "which frame goes when the queue is full: newest, or oldest, as for live video",
			Value: func(o *Options) Value { return oneOf(&o.Drop, pipeline.DropNewest, pipeline.DropOldest) }},
		{Name: "max-age", Category: theQueue, Roles: workers, Usage: "frames older than this are not computed any more; 0: none is too old",
			Value: func(o *Options) Value { return duration(&o.MaxAge, 0) }},

		{Name: "emulate", Category: emulation, Roles: workers,
			Usage: "take the time of another device: off, pi3, or times as in head=4ms,tail=42ms,load=580ms; tail=42ms,126ms@10s becomes slower in the course of a run; without --role, what stands behind slow: is for the slow nodes, as in pi3,slow:tail=84ms",
			Value: func(o *Options) Value { return emulate{o} }},
		{Name: "link", Category: emulation, Roles: anyRole, Usage: "send over an emulated link: off, wifi, wifi-pi4, ethernet, or a shape as in delay=3ms,jitter=2ms,loss=1%,rate=20mbit", Unset: "off",
			Value: func(o *Options) Value {
				return parsed(&o.Link, link.Parse, func(l link.Shape) string { return l.Name })
			}},
		{Name: "wire", Category: emulation, Roles: deciders, Usage: "how values travel between nodes: float32, float16 or int8", Unset: "float32; for the client, the fast node's",
			Value: func(o *Options) Value { return parsed(&o.Wire, parseWire, zeroIsUnset) }},
		{Name: "power", Category: emulation, Roles: anyRole,
			Usage: "what this device draws, for the energy in reports: off, pi3b+, pi4, pi5, or watts IDLE,BUSY as in 2.1,4.5 and as a third number nanojoules for a byte",
			Unset: "its meter, or what is known of the Raspberry Pi that it is or emulates",
			Value: func(o *Options) Value {
				return parsed(&o.Power, device.ParsePower, func(p device.Power) string { return p.Name })
			}},

		{Name: "format", Category: reports, Roles: reporters, Usage: "of reports: table, json or csv",
			Value: func(o *Options) Value { return parsed(&o.Report.Format, report.ParseFormat, zeroIsUnset) }},
		{Name: "no-header", Category: reports, Roles: reporters, Switch: true, Usage: "print CSV without its header",
			Value: func(o *Options) Value { return onOff(&o.Report.NoHeader) }},
		{Name: "output", Category: reports, Roles: reporters, Usage: "file for reports, overwritten", Unset: "stdout",
			Value: func(o *Options) Value { return text(&o.Report.Output) }},
		{Name: "trace", Category: reports, Roles: workers, Usage: "file for one JSON line per decision of the strategy, overwritten; on slow only with --end",
			Value: func(o *Options) Value { return text(&o.Trace) }},
		{Name: "watch", Category: reports, Roles: servers, Switch: true, Usage: "print a line a second with the node's live figures to stderr, where that is a terminal",
			Value: func(o *Options) Value { return onOff(&o.Watch) }},
		{Name: "log-level", Category: reports, Roles: anyRole, Usage: "debug, info, warn or error",
			Value: func(o *Options) Value { return oneOf(&o.LogLevel, "debug", "info", "warn", "error") }},
		{Name: "log-format", Category: reports, Roles: anyRole, Usage: "console or json",
			Value: func(o *Options) Value { return oneOf(&o.LogFormat, "console", "json") }},

		{Name: "tls-cert", Category: security, Roles: networked, Usage: "PEM file of this node's certificate, for TLS on every hop, asked of both sides; tandem cert makes one (with --tls-key and --tls-ca)",
			Value: func(o *Options) Value { return text(&o.Files.Cert) }},
		{Name: "tls-key", Category: security, Roles: networked, Usage: "PEM file of that certificate's key",
			Value: func(o *Options) Value { return text(&o.Files.Key) }},
		{Name: "tls-ca", Category: security, Roles: networked, Usage: "PEM file of the CA whose certificates are accepted",
			Value: func(o *Options) Value { return text(&o.Files.CA) }},
		{Name: "key", Category: security, Roles: networked, Usage: "file with a secret that all nodes and clients share: the first line is shown, every line accepted; unencrypted without TLS",
			Value: func(o *Options) Value { return text(&o.Files.Secret) }},

		{Name: "max-body", Category: limits, Roles: anyRole, Usage: "largest message that is taken or sent",
			Value: func(o *Options) Value { return size(&o.MaxBody, 1<<10, 1<<30) }},
		{Name: "idle", Category: limits, Roles: servers, Usage: "a neighbour silent for so long has left its run",
			Value: func(o *Options) Value { return duration(&o.Idle, minIdle) }},
		{Name: "drain", Category: limits, Roles: anyRole, Usage: "how long a closing run may work off its queues, on each node",
			Value: func(o *Options) Value { return duration(&o.Drain, minDrain) }},
	}
}

// lookup finds a setting.
func lookup(name string) (Setting, bool) {
	all := Table()
	i := slices.IndexFunc(all, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return all[i], true
}

func notEmpty(s string) (string, error) {
	if s == "" {
		return "", errors.New("it is empty")
	}
	return s, nil
}

// parseStrategy reads a name or an alias, and gives the name.
func parseStrategy(s string) (string, error) {
	e, err := strategy.Lookup(s)
	if err == nil {
		return e.Name, nil
	}
	var names []string
	for _, e := range strategy.All() {
		names = append(names, e.Name)
	}
	return "", fmt.Errorf("%w%s", err, Suggest(s, names))
}

// parseWire reads the name of a wire format.
func parseWire(s string) (string, error) {
	if s == "" { // which leaves the format open on the wire, and here is a slip
		return "", errors.New("it is empty: use float32, float16 or int8")
	}
	return s, transport.CheckWire(s)
}

// emulate reads what fast emulates, and behind "slow:" what the slow nodes do.
type emulate struct{ *Options }

func (e emulate) Set(s string) error {
	fast, slow, apart := strings.Cut(s, "slow:")
	if fast = strings.TrimSuffix(fast, ","); fast != "" || !apart {
		d, err := device.ParseEmulation(fast)
		if err != nil {
			return err
		}
		e.Emulate = d
	}
	if apart {
		d, err := device.ParseEmulation(slow)
		if err != nil {
			return err
		}
		e.EmulateSlow = &d
	}
	return nil
}

func (e emulate) String() string { return e.Emulate.String() }
