// Package options is every setting of the programs: typed, with its default, the roles that take it, and how it is read.
// It knows nothing of the command line: main makes flags of the table.
//
//	options.go   what can be set, and what holds when nothing is
//	table.go     the settings, one line each: name, category, roles, usage, value
//	value.go     how a text becomes a value, and is shown
//	given.go     what a user has given, on flags, in the environment and in a settings file, becomes Options
//	file.go      the settings file
//	validate.go  what does not go together
//	suggest.go   a word that is unknown, and the nearest one that is known
//	help.go      the table, for people
//	log.go       the log that the options ask for
package options

import (
	"io"
	"runtime"
	"time"

	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/inject"
	"tandem/role/input"
	"tandem/role/report"
	"tandem/strategy"
	"tandem/transport"
	"tandem/transport/auth"
	"tandem/transport/link"
)

// Role says which of the programs this process is.
type Role string

// The roles. Local is what runs without --role: all the others in one process.
const (
	Local  Role = ""
	Client Role = "client"
	Fast   Role = "fast"
	Slow   Role = "slow"
	End    Role = "end"
)

// Roles are those of one process each, in the order in which frames pass them.
var Roles = []Role{Client, Fast, Slow, End}

// String is how a role stands in a sentence.
func (r Role) String() string {
	switch r {
	case Local:
		return "a run without --role"
	case Client:
		return "the client"
	}
	return "the " + string(r) + " node"
}

// Options is everything that a user can set. Not every role reads every field.
type Options struct {
	Role    Role
	Config  string // file that settings come from
	Version string
	// Simulated: the run is simulated, which takes chains and more nodes than one process has.
	Simulated bool
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer

	Log       zerolog.Logger
	LogLevel  string
	LogFormat string

	Listen string        // host:port
	Next   []string      // host:port of the next node, or dns: or srv: of several; client: of every node that takes frames; none: who is found
	End    string        // host:port of the end node, for results of the fast node; empty: who is found
	Wait   time.Duration // how long a node waits at its start for the nodes below it
	Idle   time.Duration // a neighbour silent for so long has left its run
	Drain  time.Duration // how long a closing run may work off its queues

	Announce bool   // nodes: so that others find this one
	Pipeline string // who belongs together among those that are found; empty: those without a name

	Strategy string           // name or alias; empty: all in turn (local), or the fast node's own (client)
	Tasks    int              // 0: the fast node's own (client)
	Load     strategy.Loading // how a switch is made; empty: the strategy's own way
	Frames   uint64           // 0: until a signal or the input's end
	Interval time.Duration    // between frames, in the mean
	Arrivals input.Arrivals   // when they come

	Model     string         // path or address of an ONNX file; empty: the two dense layers of the original
	Cache     string         // folder for networks that come from elsewhere; empty: the user's, or systemd's
	CacheSize int            // bytes that they may take
	Settings  model.Settings // what the file leaves open
	Cuts      []string       // layer indices or tensor names, one for each hand-over; none: the best by time and bytes
	Seed      uint64         // of the default model's weights, the default input, and an emulated link's chances
	Threads   int            // that share a large layer
	Weights   model.Format   // of large layers
	Batch     int            // most waiting frames that are computed together
	Resident  bool           // keep the tail in fast's memory
	SlowNodes int            // local: how many there are
	Queue     int            // places
	Buffer    int            // bytes of frames that may wait on the node; 0: a share of the machine's memory
	HighWater int            // frames in the queue from which on the node calls itself overloaded; 0: when it is full
	Drop      pipeline.Drop  // which frame goes when the queue is full
	MaxAge    time.Duration  // older frames are not computed; 0: none is too old

	Serve   string        // host:port on which requests are answered, whose rows are the frames; empty: they come from Input
	Timeout time.Duration // of a request

	Input   input.Options
	Results string        // file for the answers: .npz, .npy, or one JSON line for each
	Publish answer.Broker // topic for them; zero: none
	Answers string        // what is said of each: top or full
	Softmax bool          // make probabilities of logits
	Classes string        // file with the names of the classes
	Trace   string        // file for one JSON line per decision of the strategy

	Emulate     device.Emulation
	EmulateSlow []device.Emulation // local: what the slow nodes emulate, in turn; none: the same as fast
	Faults      []inject.Fault     // local: what happens to slow nodes
	Power       device.Power       // of this device; empty: what is known of it
	Link        link.Shape         // what all goes over that the node sends; the zero value is the real link
	Wire        string             // how values travel between nodes; empty: the fast node's own (client), or float32

	Report report.Options
	Watch  bool // nodes: print live figures to Stderr, where that is a terminal

	Files   auth.Files // keys and certificates
	Hosts   []string   // nodes: names by which browsers may call it, beside its own
	MaxBody int        // bytes of a message
}

// Default returns what holds for a role when nothing is set.
func Default(r Role) Options {
	o := Options{
		Role:      r,
		Log:       zerolog.Nop(),
		LogLevel:  "info",
		LogFormat: "console",
		Listen:    ":" + transport.Port,
		Tasks:     20,
		Frames:    100,
		Interval:  30 * time.Millisecond,
		Seed:      1,
		Queue:     10,
		Drop:      pipeline.DropNewest,
		Threads:   runtime.NumCPU(),
		Settings:  model.Settings{Constants: model.DefaultConstants, Winograd: model.DefaultWinograd},
		Batch:     1,
		Report:    report.Options{Format: report.Table},
		MaxBody:   8 << 20,
		CacheSize: 1 << 30,
		Wait:      5 * time.Second,
		Idle:      10 * time.Second,
		Drain:     time.Minute,
		Timeout:   5 * time.Second,
		Answers:   answer.Top,
		Announce:  true,
	}
	switch r {
	case Local:
		o.Listen = "127.0.0.1:0"
		o.Emulate = device.Pi3
		o.SlowNodes = 1
		o.Threads = max(1, runtime.NumCPU()/2) // fast and slow share the machine
		o.LogLevel = "warn"                    // four nodes in one terminal, and a table to come
	case Client:
		o.Tasks = 0
	case Fast:
		o.Strategy = "balance"
	}
	return o
}
