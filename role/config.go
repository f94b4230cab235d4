package role

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/strategy"
	"tandem/transport/auth"
	"tandem/transport/link"
)

// Role says which of the programs this process is.
type Role string

// The roles. Local is all the others in one process.
const (
	Local  Role = "local"
	Client Role = "client"
	Fast   Role = "fast"
	Slow   Role = "slow"
	End    Role = "end"
)

// Drop says which frame goes when a queue is full.
type Drop = pipeline.Drop

// The drop policies.
const (
	DropNewest = pipeline.DropNewest
	DropOldest = pipeline.DropOldest
)

// Config is everything that a user can set. Not every role reads every field.
type Config struct {
	Role    Role
	Version string
	Log     zerolog.Logger
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer

	Listen string   // host:port
	Next   []string // host:port of the next node; client: of every node that takes frames
	End    string   // host:port of the end node, for results of the fast node

	Strategy string // name or alias; empty: all in turn (local), or the fast node's own (client)
	Tasks    int    // 0: the fast node's own (client)
	Frames   uint64 // 0: until a signal or the input's end
	Interval time.Duration

	Model     string           // path of an ONNX file; empty: the two dense layers of the original
	Cuts      []string         // layer indices or tensor names, one for each hand-over; none: the one that splits the work most evenly
	Seed      uint64           // of the default model's weights and of the default input
	Queue     int              // places
	HighWater int              // frames in the queue from which on the node calls itself overloaded; 0: when it is full
	Drop      pipeline.Drop    // which frame goes when the queue is full
	MaxAge    time.Duration    // older frames are not computed; 0: none is too old
	Threads   int              // that share a large layer
	Batch     int              // most waiting frames that are computed together
	Resident  bool             // keep the tail in fast's memory
	Load      strategy.Loading // how a switch is made; empty: the strategy's own way
	Trace     string           // file for one JSON line per decision of the strategy
	Emulate   Emulation
	Power     device.Power // of this device; empty: what is known of it

	SlowNodes   int        // local: how many there are
	EmulateSlow *Emulation // local: what they emulate; nil: the same as fast

	Link Link   // what all goes over that the node sends; the zero value is the real link
	Wire string // how values travel between nodes; empty: the fast node's own (client), or float32

	Input   string // .npy, folder of images, or "-"; empty: one random vector
	Labels  string // .npy of integers
	Results string // file for one JSON line per frame
	Classes string // file with the names of the classes, for Results

	Mean, Std []float32 // of images: subtracted from each channel, then divided by; empty: 0 and 1
	Layout    Layout    // of images

	Format Format
	Header bool   // CSV: print the header line
	Output string // file for reports; empty: Stdout

	Watch bool // nodes: print live figures to Stderr, where that is a terminal

	Calibrate bool // fast, slow: measure the layers and stop

	TLSCert, TLSKey, TLSCA string // PEM files: this node's certificate and key, and the CA of all; all three or none
	Key                    string // file with the secret that all nodes share

	MaxBody int           // bytes of a message
	Wait    time.Duration // how long a node waits at its start for the nodes below it
	Idle    time.Duration // a neighbour silent for so long has left its run
	Drain   time.Duration // how long a closing run may work off its queues

	// What a process has while it plays the role, made from the above.
	credentials *auth.Credentials // what lies in the files of keys and certificates; nil: none
	uplink      *link.Uplink      // of the link's shape; nil: the real link
	device      *device.Device    // that the role runs on; nil: it has not been started
}

// Default returns the configuration that a role has when nothing is set.
func Default(r Role) Config {
	c := Config{
		Role:     r,
		Log:      zerolog.Nop(),
		Listen:   ":12345",
		Tasks:    20,
		Frames:   100,
		Interval: 30 * time.Millisecond,
		Seed:     1,
		Queue:    10,
		Drop:     DropNewest,
		Threads:  runtime.NumCPU(),
		Batch:    1,
		Format:   Table,
		Header:   true,
		MaxBody:  8 << 20,
		Wait:     5 * time.Second,
		Idle:     10 * time.Second,
		Drain:    time.Minute,
	}
	switch r {
	case Local:
		c.Listen = "127.0.0.1:0"
		c.Emulate = Pi3
		c.SlowNodes = 1
		c.Threads = max(1, runtime.NumCPU()/2) // fast and slow share the machine
	case Client:
		c.Tasks = 0
	case Fast:
		c.Strategy = "balance"
	}
	return c
}

// Validate joins all that is wrong with the configuration and can be known without files and network.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	switch {
	case c.Calibrate: // no neighbour is needed
	case c.Role == Client:
		if len(c.Next) == 0 {
			wrong("--next is missing: name the fast node, as in --next fast:12345")
		}
	case c.Role == Fast:
		if len(c.Next) == 0 {
			wrong("--next is missing: name the slow node, or each of several, as in --next slow:12345")
		}
		if c.End == "" {
			wrong("--end is missing: name the end node, as in --end end:12345")
		}
	case c.Role == Slow:
		switch {
		case len(c.Next) == 0:
			wrong("--next is missing: name the end node, as in --next end:12345")
		case len(c.Next) > 1 && c.End == "":
			wrong("--next is given %d times: name the end node alone; or the slow nodes that take over from this one, with --end for results", len(c.Next))
		}
	}
	if c.Strategy != "" {
		e, err := strategy.Lookup(c.Strategy)
		if err != nil {
			errs = append(errs, err)
		} else if c.Role == Client && e.Whole && len(c.Next) < 2 {
			wrong("--next is given once: %s deals the frames out, so name every node that takes them, as in --next fast:12345 --next slow:12345", e.Name)
		}
	}
	if c.Role == Local && c.Strategy == "" && c.Frames == 0 {
		wrong("--frames 0 never ends: to run one strategy until a signal, name it with --strategy")
	}
	if (c.Input == "-" || c.Input == "mjpeg:-") && c.Role == Local && c.Strategy == "" {
		wrong("--input %s can be read once: name one strategy with --strategy", c.Input)
	}
	if c.Role == Local && len(c.Cuts) > 1 {
		wrong("--cut is given %d times: in one process no slow node hands over to a further one, so give it once", len(c.Cuts))
	}
	if c.Calibrate && len(c.Cuts) > 1 {
		wrong("--cut is given %d times: --calibrate measures the layers from one on, so give it once", len(c.Cuts))
	}
	if c.HighWater > c.Queue {
		wrong("--high-water %d is never reached: --queue has %d places", c.HighWater, c.Queue)
	}
	if dup := twice(c.Next); dup != "" {
		wrong("--next %s is given twice: name each node once", dup)
	}
	if c.Role == Slow && c.Trace != "" && c.End == "" {
		wrong("--trace: this slow node decides nothing, as it has no --end and so hands nothing over; trace the fast node")
	}
	if c.Classes != "" && c.Results == "" {
		wrong("--classes needs --results: the names are written there")
	}
	if c.Input == "" && (len(c.Mean)+len(c.Std) > 0 || c.Layout != AnyLayout) && (c.Role == Client || c.Role == Local) {
		wrong("--mean, --std and --layout need --input: they are for images, and not for a random vector")
	}
	if c.Labels != "" && c.Input == "" && (c.Role == Client || c.Role == Local) {
		wrong("--labels needs --input: a random vector has no true class")
	}
	switch given := count(c.TLSCert, c.TLSKey, c.TLSCA); {
	case given > 0 && given < 3:
		wrong("--tls-cert, --tls-key and --tls-ca go together: give all three, as tandem cert makes them, or none")
	case c.Role == Local && (given > 0 || c.Key != ""):
		wrong("--tls-cert, --tls-key, --tls-ca and --key mean nothing without a role: nothing leaves this machine then")
	}
	if c.Calibrate && c.Format == CSV {
		wrong("--format csv is for reports: use table or json with --calibrate")
	}
	return errors.Join(errs...)
}

// twice returns the first text that stands there more than once.
func twice(texts []string) string {
	for i, t := range texts {
		if slices.Contains(texts[:i], t) {
			return t
		}
	}
	return ""
}

// count is how many of the texts are given.
func count(texts ...string) int {
	return len(slices.DeleteFunc(texts, func(s string) bool { return s == "" }))
}

// network opens the model that the configuration names.
func (c Config) network() (*model.Network, error) {
	if c.Model == "" {
		return model.Default(c.Seed), nil
	}
	return model.Open(c.Model)
}
