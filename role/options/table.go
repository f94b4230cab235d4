package options

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/inject"
	"tandem/role/input"
	"tandem/role/report"
	"tandem/strategy"
	"tandem/transport"
	"tandem/transport/link"
)

// Setting is one thing that a user can set: a flag, and the environment variable TANDEM_NAME.
type Setting struct {
	Heading string // begins a category in help; empty: it belongs to that of the setting before
	Name    string
	Roles   []Role // that take it
	Others  string // why the others don't, as in "needs no model: …"; empty: it means nothing to them
	Many    bool   // may be given more than once
	Switch  bool   // takes no value
	Secret  bool   // its text, which may have a password, is not repeated in errors
	Value   Value
	Usage   string // what it is, without its default
	Unset   string // what holds when nothing is set, where the value itself does not say it
}

// Which roles a setting is for.
var (
	anyRole   = []Role{Local, Client, Fast, Slow, End}
	servers   = []Role{Fast, Slow, End}
	senders   = []Role{Client, Fast, Slow}
	workers   = []Role{Local, Fast, Slow}
	feeders   = []Role{Local, Client}
	deciders  = []Role{Local, Client, Fast}
	reporters = []Role{Local, Client, End}
)

// Table is all that can be set, by what a user looks for; setting a value sets that field of o. A new setting is one line
// here, and a field.
func Table(o *Options) []Setting {
	return []Setting{
		{Heading: "what runs", Name: "role", Roles: anyRole, Value: oneOf(&o.Role, Roles...), Usage: "client, fast, slow or end", Unset: "all of them in this process, one strategy after the other"},
		{Name: "config", Roles: anyRole, Value: text(&o.Config), Usage: "file with settings, one on each line, under the names of the environment variables, as in TANDEM_QUEUE=10; those and flags have more weight"},
		{Name: "next", Roles: senders, Many: true, Value: list(&o.Next, parseNext), Usage: "host, or host:port, of the next node; more than once for several slow nodes; dns:NAME:PORT for all addresses of a name, or srv:NAME for those of its SRV records, which are followed as they change; for the client, of each node that takes frames (more than once for replicate)", Unset: "who is found on the network: for slow end, for fast all slow nodes, for the client fast"},
		{Name: "end", Roles: senders, Value: address(&o.End), Usage: "host, or host:port, of the end node, for results of fast, and of a slow node that hands over to a further one; for a client with --serve, where its answers come from", Unset: "who is found on the network; for the client, where fast calls it"},
		{Name: "pipeline", Roles: []Role{Client, Fast, Slow, End}, Value: parsed(&o.Pipeline, parsePipeline, zeroIsUnset), Usage: "name of the pipeline that this node belongs to, where nodes of several are on the network: its neighbours are found among those of the same name"},
		{Name: "announce", Roles: servers, Switch: true, Value: onOff(&o.Announce), Usage: "let others on the network find this node, by DNS-SD (_tandem._tcp.local); --announce=false does not; what listens on this machine alone never does", Unset: "true"},
		{Name: "listen", Roles: servers, Value: address(&o.Listen), Usage: "host:port to listen on"},
		{Name: "wait", Roles: []Role{Client, Fast, Slow, End}, Value: patience(&o.Wait), Usage: "how long to wait at the start for the nodes below, and for this node's own address; forever is the default of a service that systemd starts"},
		{Name: "strategy", Roles: deciders, Value: parsed(&o.Strategy, parseStrategy, zeroIsUnset), Usage: "what the fast node does about overload: " + strings.Join(strategy.Names(), ", "), Unset: "without --role all in turn; for the client, the fast node's"},
		{Name: "tasks", Roles: deciders, Value: whole(&o.Tasks, 1, 1<<30), Usage: "frames that fast finishes after one switch", Unset: "for the client, the fast node's"},
		{Name: "load", Roles: deciders, Value: parsed(&o.Load, strategy.ParseLoading, zeroIsUnset), Usage: "how fast makes the tail resident: background, beside the work, or blocking, as in the original", Unset: "blocking for takeover and alternate, background for others"},
		{Name: "resident", Roles: []Role{Local, Fast}, Switch: true, Value: onOff(&o.Resident), Usage: "keep the tail in fast's memory, so that a switch costs nothing"},
		{Name: "slow-nodes", Roles: []Role{Local}, Value: whole(&o.SlowNodes, 1, 4096), Usage: "how many slow nodes there are behind each hand-over; more than 64 are for simulations"},

		{Heading: "the network", Name: "model", Roles: workers, Others: "needs no model: fast and slow have it", Value: text(&o.Model), Usage: "ONNX file, the same on every node, or its address on a web server, as in http://host/net.onnx; a slow node without it gets its layers from the node above", Unset: "two dense layers, 100 to 2000 to 2000"},
		{Name: "cache", Roles: workers, Value: text(&o.Cache), Usage: "folder for networks that come from elsewhere: from a neighbour, or from a web server", Unset: "tandem in the user's cache folder, or as a service, the one that systemd gives"},
		{Name: "cache-size", Roles: workers, Value: size(&o.CacheSize, 1<<20, math.MaxInt), Usage: "most bytes that they take there; what was used longest ago goes"},
		{Name: "shape", Roles: workers, Many: true, Value: shapes(&o.Settings.Shapes), Usage: "sizes of an input that the file leaves open, the same on every node, as in input=1x3x640x640; once for each input"},
		{Name: "constants", Roles: workers, Value: size(&o.Settings.Constants, 1<<20, 1<<30), Usage: "most memory for what a network computes from constants when it is opened"},
		{Name: "winograd", Roles: workers, Value: size(&o.Settings.Winograd, 1, 1<<30), Usage: "most memory that 3x3 convolutions take beyond their weights to be computed faster, all layers together; 1B: none"},
		{Name: "cut", Roles: anyRole[:4], Many: true, Value: list(&o.Cuts, notEmpty), Usage: "where the slow node's layers begin: a layer index or the name of a tensor; once for each hand-over in a chain of slow nodes; on the client a layer index too, or auto: as is best for the nodes that are there, and anew when one joins, leaves, or becomes slower", Unset: "the best one that inspect shows; on slow, where fast cuts; on the client, where fast does"},
		{Name: "threads", Roles: workers, Value: whole(&o.Threads, 1, 256), Usage: "threads that share a large layer, where that is faster: by default the number of cores, without --role half of it"},
		{Name: "weights", Roles: workers, Value: parsed(&o.Weights, model.ParseFormat, model.Format.String), Usage: "how large layers are stored: float32, float16, int8 (with a scale for each 32 weights), or float16-arithmetic, which also multiplies in float16 (Pi 5); the node's own business, what inspect --calibrate shows"},
		{Name: "batch", Roles: workers, Value: whole(&o.Batch, 1, 256), Usage: "most waiting frames that are computed together; none waits for others"},
		{Name: "seed", Roles: anyRole, Value: natural(&o.Seed, 64), Usage: "seed of the default model's weights, of the default input, and of an emulated link's chances"},

		{Heading: "frames in", Name: "frames", Roles: feeders, Value: natural(&o.Frames, 48), Usage: "frames to send; 0: until a signal or the input's end"},
		{Name: "interval", Roles: feeders, Value: duration(&o.Interval, 0), Usage: "time between frames; 0: as fast as they are taken"},
		{Name: "arrivals", Roles: feeders, Value: parsed(&o.Arrivals, input.ParseArrivals, func(a input.Arrivals) string { return cmp.Or(a.Name, "beat") }), Usage: "when frames come, in the mean one every --interval: beat, poisson (independently of each other), burst=8 (eight at once), or a file with the time of each in seconds, one on each line"},
		{Name: "input", Roles: feeders, Many: true, Value: list(&o.Input.Paths, notEmpty), Usage: "frames: a .npy file (rows are frames) or .npz:NAME, a PNG, JPEG or WebP image, a folder of them, http://camera/stream.mjpg, mjpeg:- for the stream of a camera on stdin, mjpeg:FILE for a recording, or - for raw little-endian float32 on stdin; for a network of several inputs once for each, as in ids=tokens.npy", Unset: "one random vector"},
		{Name: "source", Roles: feeders, Many: true, Value: list(&o.Input.Sources, parseSource), Usage: "a stream of frames with a name, which results show, as in door=http://camera/stream.mjpg; more than once for several, which take turns; in place of --input"},
		{Name: "newest", Roles: feeders, Switch: true, Value: parsed(&o.Input.Newest, parseNewest, func(input.Newest) string { return "" }), Usage: "of a camera only the newest picture counts: older ones are skipped before they are decoded, and queues of fast and slow keep the newest two; --newest=false plays all of a stream", Unset: "yes for cameras, no for recordings"},
		{Name: "strict", Roles: feeders, Switch: true, Value: onOff(&o.Input.Strict), Usage: "a damaged picture is an error; otherwise it is skipped, and counted"},
		{Name: "fit", Roles: feeders, Value: oneOf(&o.Input.Fit, input.Crop, input.Letterbox, input.Stretch), Usage: "how a picture of another shape gets into the network's input: crop (torchvision's Resize and CenterCrop), letterbox (all of it, between grey bars) or stretch", Unset: "what --preprocess says, or stretch"},
		{Name: "preprocess", Roles: feeders, Value: parsed(&o.Input.Preprocess, input.ParsePreprocess, func(input.Preprocess) string { return "" }), Usage: "of images, whose values are in [0, 1]: imagenet (crop, mean and std), yolo (letterbox), or mean, std, layout and resize as in mean=0.485,0.456,0.406,std=0.5,layout=hwc,resize=232 (chw as in PyTorch, hwc as in Keras; the shorter side before a crop)", Unset: "values as they are; the dimension of 1 or 3 is the channels"},
		{Name: "labels", Roles: reporters, Value: text(&o.Input.Labels), Usage: "true classes: a .npy file of integers, one for each row of the input; end then reports the accuracy"},

		{Heading: "requests", Name: "serve", Roles: feeders, Value: address(&o.Serve), Usage: "host:port on which to answer requests of the Open Inference Protocol (KServe v2), as in :8000: their rows are the frames, until a signal; without --role, on this machine alone"},
		{Name: "timeout", Roles: feeders, Value: duration(&o.Timeout, 100*time.Millisecond), Usage: "how long a request of --serve may take; for a quarter of it what is refused is tried again"},

		{Heading: "answers out", Name: "results", Roles: []Role{Local, End}, Value: text(&o.Results), Usage: "file for the answer to each delivered frame, in the order in which they arrive: one JSON line; or .npz or .npy, for numpy, with a row of the network's outputs"},
		{Name: "publish", Roles: []Role{Local, End}, Secret: true, Value: parsed(&o.Publish, answer.ParseBroker, answer.Broker.String), Usage: "topic of an MQTT broker that each answer is sent to as JSON, as in mqtt://user:password@broker:1883/tandem/door; mqtts is over TLS"},
		{Name: "answers", Roles: []Role{Local, End}, Value: oneOf(&o.Answers, answer.Top, answer.Full), Usage: "what --publish, /results, and a --results of JSON lines have of each answer: top, the best class and its score, or full, all numbers of all outputs"},
		{Name: "softmax", Roles: []Role{Local, End}, Switch: true, Value: onOff(&o.Softmax), Usage: "make probabilities of the logits that the network gives for its classes"},
		{Name: "classes", Roles: []Role{Local, End}, Value: text(&o.Classes), Usage: "file with the names of the classes, one on each line, for answers"},

		{Heading: "the queue", Name: "queue", Roles: workers, Value: whole(&o.Queue, 1, 1<<20), Usage: "places in the queue of fast and slow"},
		{Name: "buffer", Roles: []Role{Local, Client, Fast, Slow}, Value: size(&o.Buffer, 1<<20, math.MaxInt), Usage: "bytes of frames that may wait on a node: half of them in its queue, half to leave it; without --role, on all nodes together", Unset: "an eighth of the machine's memory"},
		{Name: "high-water", Roles: workers, Value: whole(&o.HighWater, 1, 1<<20), Usage: "frames in the queue from which on the node calls itself overloaded", Unset: "when the queue is full"},
		{Name: "drop", Roles: workers, Value: oneOf(&o.Drop, pipeline.DropNewest, pipeline.DropOldest), Usage: "which frame goes when the queue is full: newest, or oldest, as for live video"},
		{Name: "max-age", Roles: workers, Value: duration(&o.MaxAge, 0), Usage: "frames older than this are not computed any more; 0: none is too old"},

		{Heading: "emulation", Name: "emulate", Roles: workers, Value: emulate{o}, Usage: "take the time of another device: off, pi3, or times as in head=4ms,tail=42ms,load=580ms; tail=42ms,126ms@10s becomes slower in the course of a run, and tail=42ms~5ms has a mean deviation; without --role, what stands behind slow: is for the slow nodes, as in pi3,slow:tail=84ms, and of several such each has its turn"},
		{Name: "fault", Roles: []Role{Local}, Many: true, Value: faults(&o.Faults), Usage: "what happens to a slow node in the course of the run: kill slow 2 at 10s for 4s, leave (stopped politely) slow 2 at 10s for 4s, where without for it does not come back, or join slow 2 at 10s", Unset: "nothing"},
		{Name: "link", Roles: anyRole, Value: parsed(&o.Link, link.Parse, func(l link.Shape) string { return l.Name }), Usage: "send over an emulated link: off, wifi, wifi-pi4, ethernet, or a shape as in delay=3ms,jitter=2ms,loss=1%,rate=20mbit; rate=108mbit,12mbit@20s becomes slower in the course of a run", Unset: "off"},
		{Name: "wire", Roles: deciders, Value: oneOf(&o.Wire, transport.Float32, transport.Float16, transport.Int8), Usage: "how values travel between nodes: float32, float16 or int8", Unset: "float32; for the client, the fast node's"},
		{Name: "power", Roles: anyRole, Value: parsed(&o.Power, device.ParsePower, func(p device.Power) string { return p.Name }), Usage: "what this device draws, for the energy in reports: off, pi3b+, pi4, pi5, or watts IDLE,BUSY as in 2.1,4.5 and as a third number nanojoules for a byte", Unset: "its meter, or what is known of the Raspberry Pi that it is or emulates"},

		{Heading: "reports and logs", Name: "format", Roles: reporters, Value: parsed(&o.Report.Format, report.ParseFormat, zeroIsUnset), Usage: "of reports: table, json or csv"},
		{Name: "no-header", Roles: reporters, Switch: true, Value: onOff(&o.Report.NoHeader), Usage: "print CSV without its header"},
		{Name: "last-seen", Roles: reporters, Switch: true, Value: onOff(&o.Report.LastSeen), Usage: "say of each range of frames that did not arrive where it was last seen, in tables and JSON"},
		{Name: "output", Roles: reporters, Value: text(&o.Report.Output), Usage: "file for reports, overwritten", Unset: "stdout"},
		{Name: "trace", Roles: workers, Value: text(&o.Trace), Usage: "file for one JSON line per decision of the strategy, overwritten; on slow only with --end"},
		{Name: "watch", Roles: servers, Switch: true, Value: onOff(&o.Watch), Usage: "print a line a second with the node's live figures to stderr, where that is a terminal"},
		{Name: "log-level", Roles: anyRole, Value: oneOf(&o.LogLevel, "debug", "info", "warn", "error"), Usage: "debug, info, warn or error"},
		{Name: "log-format", Roles: anyRole, Value: oneOf(&o.LogFormat, "console", "json"), Usage: "console or json"},

		{Heading: "security", Name: "tls-cert", Roles: anyRole, Value: text(&o.Files.Cert), Usage: "PEM file of this node's certificate, for TLS on every hop, asked of both sides; tandem cert makes one (with --tls-key and --tls-ca)"},
		{Name: "tls-key", Roles: anyRole, Value: text(&o.Files.Key), Usage: "PEM file of that certificate's key"},
		{Name: "tls-ca", Roles: anyRole, Value: text(&o.Files.CA), Usage: "PEM file of the CA whose certificates are accepted"},
		{Name: "key", Roles: anyRole, Value: text(&o.Files.Secret), Usage: "file with a secret that all nodes and clients share: the first line is shown, every line accepted; unencrypted without TLS"},
		{Name: "host", Roles: anyRole, Many: true, Value: list(&o.Hosts, parseHost), Usage: "name by which browsers and what reads /status or /metrics may call this node, beside its addresses, its own name, names that end in .local, and those that neighbours dial"},

		{Heading: "limits", Name: "max-body", Roles: anyRole, Value: size(&o.MaxBody, 1<<10, 1<<30), Usage: "largest message that is taken or sent"},
		{Name: "idle", Roles: servers, Value: duration(&o.Idle, minIdle), Usage: "a neighbour silent for so long has left its run"},
		{Name: "drain", Roles: anyRole, Value: duration(&o.Drain, minDrain), Usage: "how long a closing run may work off its queues, on each node"},
	}
}

func parseSource(s string) (string, error) {
	_, _, err := input.ParseSource(s)
	return s, err
}

// parsePipeline reads the name of a pipeline, which is typed and announced.
func parsePipeline(s string) (string, error) {
	wrong := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.'
	}
	if s == "" || len(s) > 63 || strings.ContainsFunc(s, wrong) {
		return "", errors.New("use a name of letters, digits, -, _ and ., of 63 bytes at most")
	}
	return s, nil
}

func parseNewest(s string) (input.Newest, error) {
	on, err := strconv.ParseBool(s)
	if err != nil {
		return "", errors.New("use true or false")
	}
	return input.Newest(strconv.FormatBool(on)), nil
}

// parseStrategy reads a name or an alias, and gives the name.
func parseStrategy(s string) (string, error) {
	e, err := strategy.Lookup(s)
	if err != nil {
		var names []string
		for _, e := range strategy.All() {
			names = append(names, e.Name)
		}
		err = fmt.Errorf("%w%s", err, Suggest(s, names))
	}
	return e.Name, err
}

// emulate reads what fast emulates, and behind each "slow:" what slow nodes do.
type emulate struct{ *Options }

func (e emulate) Set(s string) (err error) {
	parts := strings.Split(s, "slow:")
	if fast := strings.TrimSuffix(parts[0], ","); fast != "" || len(parts) == 1 {
		e.Emulate, err = device.ParseEmulation(fast)
	}
	e.EmulateSlow = nil
	for _, slow := range parts[1:] {
		one, wrong := device.ParseEmulation(strings.TrimSuffix(slow, ","))
		e.EmulateSlow, err = append(e.EmulateSlow, one), cmp.Or(err, wrong)
	}
	return err
}

func faults(at *[]inject.Fault) Value {
	return parsed(at, func(s string) ([]inject.Fault, error) {
		one, err := inject.ParseFault(s)
		return append(*at, one), err
	}, func(all []inject.Fault) string {
		var texts []string
		for _, f := range all {
			texts = append(texts, f.String())
		}
		return strings.Join(texts, ",")
	})
}

func (e emulate) String() string { return e.Emulate.String() }
