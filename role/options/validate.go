package options

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/role/inject"
	"tandem/strategy"
)

// The shortest times. A neighbour shows a sign of life every half second, and a few of them may be late.
const (
	minIdle  = 2 * time.Second
	minDrain = 100 * time.Millisecond
)

// Validate joins all that is wrong with the configuration and can be known without files and network.
func (o Options) Validate() error {
	var errs []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(o.Role == Slow && len(o.Next) == 0 && o.End != "", "--next is missing: name the slow nodes that take over from this one; or "+
		"the end node alone in --next, and leave out --end")
	refuse(o.Role == Slow && len(o.Next) > 1 && o.End == "", "--next is given %d times: name the end node alone; "+
		"or the slow nodes that take over from this one, with --end for results", len(o.Next))
	for i, next := range o.Next {
		many := strings.HasPrefix(next, "dns:") || strings.HasPrefix(next, "srv:")
		refuse(many && o.Role == Client, "--next %s: a client hands over to the fast node: name that one", next)
		refuse(many && o.Role == Slow && o.End == "", "--next %s stands for several slow nodes: give --end too; or name the end node alone", next)
		refuse(slices.Index(o.Next, next) < i, "--next %s is given twice: name each node once", next)
	}

	if o.Strategy != "" {
		e, err := strategy.Lookup(o.Strategy)
		errs = append(errs, err)
		refuse(o.Role == Client && e.Whole && len(o.Next) < 2, "--next is given once: %s deals the frames out, "+
			"so name every node that takes them, as in --next fast:12345 --next slow:12345", e.Name)
	}
	refuse(o.Role == Local && o.Strategy == "" && o.Frames == 0,
		"--frames 0 never ends: to run one strategy until a signal, name it with --strategy")
	refuse(o.Role == Local && o.Strategy == "" && o.Input.Once(),
		"--input %s can be read once: name one strategy with --strategy", strings.Join(append(o.Input.Paths, o.Input.Sources...), ", "))
	refuse(len(o.Input.Sources) > 0 && len(o.Input.Paths) > 0, "--input and --source don't go together: a source is a stream of frames, and --input x=… an input of the network")
	refuse(o.Input.Contested(), "stdin is for one: name it in a single --input or --source")
	refuse(len(o.Input.Sources) > 0 && o.Input.Labels != "", "--labels and --source don't go together: frames of several streams have no common order")
	for i, text := range o.Input.Sources {
		name, _, _ := strings.Cut(text, "=")
		refuse(slices.ContainsFunc(o.Input.Sources[:i], func(t string) bool { return strings.HasPrefix(t, name+"=") }), "--source %s is given twice: give each stream its own name", name)
	}
	refuse(o.Role == Local && !o.Simulated && len(o.Cuts) > 1, "--cut is given %d times: "+
		"in one process no slow node hands over to a further one, so give it once", len(o.Cuts))
	errs = append(errs, o.validateCuts())
	refuse(o.SlowNodes > 64 && !o.Simulated, "--slow-nodes is %d: one process has 64 at most, and tandem simulate more", o.SlowNodes)
	if err := inject.Check(o.Faults, o.SlowNodes); err != nil {
		refuse(true, "--fault %w", err)
	}
	refuse(o.Arrivals.Name != "" && o.Interval == 0, "--arrivals %s needs an --interval above 0: frames come as fast as they are taken otherwise", o.Arrivals.Name)
	refuse(o.HighWater > o.Queue, "--high-water %d is never reached: --queue has %d places", o.HighWater, o.Queue)
	refuse(o.EmulateSlow != nil && o.Role != Local,
		"--emulate slow:… is for a run without --role: give this node its own times")
	refuse(o.Role == Slow && o.Trace != "" && o.End == "",
		"--trace: this slow node decides nothing, as it has no --end and so hands nothing over; trace the fast node")

	served := o.Serve != ""
	random := len(o.Input.Paths)+len(o.Input.Sources) == 0 && (o.Role == Client || o.Role == Local) && !served
	refuse(random && !o.Input.Preprocess.IsZero(),
		"--preprocess needs --input: it is for images, and not for a random vector")
	refuse(random && o.Input.Fit != "", "--fit needs --input: it is for images, and not for a random vector")
	arrays := len(o.Input.Paths)+len(o.Input.Sources) > 0 && !o.Input.Pictures()
	const forPictures = "%s is for pictures, and %s names none: arrays and raw values go into the network as they are"
	named := strings.Join(append(o.Input.Paths, o.Input.Sources...), ", ")
	refuse(arrays && !o.Input.Preprocess.IsZero(), forPictures, "--preprocess", named)
	refuse(arrays && o.Input.Fit != "", forPictures, "--fit", named)
	refuse(arrays && o.Input.Strict, forPictures, "--strict", named)
	refuse(o.Input.Newest != "" && !o.Input.Camera(), "--newest is for cameras: give --input http://camera/stream.mjpg or mjpeg:FILE, or no --newest")
	refuse(random && o.Input.Labels != "", "--labels needs --input: a random vector has no true class")

	f := o.Files
	some, all := f.Cert+f.Key+f.CA != "", f.Cert != "" && f.Key != "" && f.CA != ""
	refuse(some && !all,
		"--tls-cert, --tls-key and --tls-ca go together: give all three, as tandem cert makes them, or none")
	refuse(o.Role == Local && !served && (some || f.Secret != ""),
		"--tls-cert, --tls-key, --tls-ca and --key mean nothing without a role: nothing leaves this machine then, but for --serve")
	refuse((o.Role == Local || o.Role == Client) && !served && len(o.Hosts) > 0, "--host means nothing for %s without --serve", o.Role)
	refuse(o.Role == Client && !served && o.End != "", "--end means nothing for %s without --serve: fast knows it", o.Role)
	refuse(served && len(o.Input.Paths)+len(o.Input.Sources) > 0, "--input and --source mean nothing with --serve: the frames are those of the requests")
	const asNumbers = "%s means nothing with --serve: a request has the numbers that the network takes"
	refuse(served && !o.Input.Preprocess.IsZero(), asNumbers, "--preprocess")
	refuse(served && o.Input.Fit != "", asNumbers, "--fit")
	refuse(served && o.Input.Labels != "", "--labels means nothing with --serve: requests have none")
	return errors.Join(errs...)
}
