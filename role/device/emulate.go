package device

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"tandem/pipeline"
)

// Emulation makes a fast machine take the time of a slow one. The zero value is off.
type Emulation struct {
	Name  string // as it is shown; empty: off
	Head  Course // for the layers before the cut
	Tail  Course // for those from the cut on
	Whole Course // for the whole network, of which each layer takes its share; instead of Head and Tail
	Load  Course // for making the tail resident
	Draw  Power  // what the device draws; the zero value: not known
}

// Course is a time that may change while a run lasts: a device that becomes hot, and cools down.
type Course []Leg

// Leg is the time that holds from a moment of the run on.
type Leg struct {
	Takes  time.Duration // in the mean
	From   time.Duration // since the run was opened on the node
	Spread time.Duration // mean deviation, at most as long as Takes
}

// Always is the course of a device that does not change.
func Always(d time.Duration) Course { return Course{{Takes: d}} }

// at is the leg that holds so long after the opening.
func (c Course) at(since time.Duration) (now Leg) {
	for _, leg := range c {
		if leg.From <= since {
			now = leg
		}
	}
	return now
}

// draw draws a time of the leg. Times with a spread are distributed as exp(σz), z being normal: they are never negative, and
// a long one is likelier than one as short. The mean deviation of such a distribution is 2 erf(σ/√8) times its mean
// (Aitchison and Brown, The Lognormal Distribution, 1957).
func (l Leg) draw(random *rand.Rand) time.Duration {
	if l.Spread == 0 {
		return l.Takes
	}
	sigma := math.Sqrt(8) * math.Erfinv(float64(l.Spread)/float64(2*l.Takes))
	return time.Duration(float64(l.Takes) * math.Exp(sigma*random.NormFloat64()-sigma*sigma/2))
}

// Pi3 is a Raspberry Pi 3 under the original's software. The times explain its published results.
var Pi3 = Emulation{
	Name: "pi3", Head: Always(4 * time.Millisecond), Tail: Always(42 * time.Millisecond), Load: Always(580 * time.Millisecond), Draw: pi3bPlus,
}

// Describe says for people what a report's emulated devices are.
func Describe(emulated string) string {
	switch emulated {
	case "", "off":
		return "at this machine's own speed"
	case Pi3.Name:
		return fmt.Sprintf("emulating a Raspberry Pi 3 (head %s, tail %s, switch %s)", Pi3.Head.at(0).Takes, Pi3.Tail.at(0).Takes, Pi3.Load.at(0).Takes)
	}
	return "emulating " + emulated
}

var errEmulation = errors.New("use off, pi3, or times as in head=4ms,tail=42ms,load=580ms or whole=46ms, each of which may change in the course of a run as in tail=42ms,126ms@10s,42ms@20s, and have a mean deviation as in tail=42ms~5ms")

// ParseEmulation reads off, a preset's name, or a list of times.
func ParseEmulation(s string) (Emulation, error) {
	switch s {
	case "", "off":
		return Emulation{}, nil
	case Pi3.Name:
		return Pi3, nil
	}
	e := Emulation{Name: s}
	courses := map[string]*Course{"head": &e.Head, "tail": &e.Tail, "whole": &e.Whole, "load": &e.Load}
	var course *Course
	for part := range strings.SplitSeq(s, ",") {
		key, text, named := strings.Cut(part, "=")
		if named {
			course = courses[key]
		} else {
			text = part // one more leg of the course before it
		}
		switch {
		case course == nil:
			return Emulation{}, fmt.Errorf("%q is unknown: %w", key, errEmulation)
		case named && len(*course) > 0:
			return Emulation{}, fmt.Errorf("%q is given twice: %w", key, errEmulation)
		}
		leg, err := parseLeg(text)
		if err != nil {
			return Emulation{}, fmt.Errorf("%q is no time: %w", part, errEmulation)
		}
		if n := len(*course); n > 0 && leg.From <= (*course)[n-1].From {
			return Emulation{}, fmt.Errorf("%q is not later than what stands before it: %w", part, errEmulation)
		}
		*course = append(*course, leg)
	}
	if len(e.Whole) > 0 && len(e.Head)+len(e.Tail) > 0 {
		return Emulation{}, fmt.Errorf("whole stands for head and tail together: %w", errEmulation)
	}
	return e, nil
}

// parseLeg reads a time, time~deviation, or either with @moment.
func parseLeg(text string) (leg Leg, err error) {
	text, from, later := strings.Cut(text, "@")
	takes, spread, spreads := strings.Cut(text, "~")
	leg.Takes, err = time.ParseDuration(takes)
	if err == nil && spreads {
		leg.Spread, err = time.ParseDuration(spread)
	}
	if err == nil && later {
		leg.From, err = time.ParseDuration(from)
	}
	if leg.Takes < 0 || leg.From < 0 || leg.Spread < 0 || leg.Spread > leg.Takes {
		err = errEmulation
	}
	return leg, err
}

func (e Emulation) String() string { return cmp.Or(e.Name, "off") }

// Layers are what each layer takes, so long after the run was opened. shares are of the network's time, one for each layer: the
// head is spread over the layers before the cut by their shares, and the tail over those behind.
func (e Emulation) Layers(shares []float64, cut int, since time.Duration) []time.Duration {
	all := make([]time.Duration, len(shares))
	spread := func(c Course, from, to int) {
		whole := 0.0
		for _, s := range shares[from:to] {
			whole += s
		}
		for i := from; i < to && whole > 0; i++ {
			all[i] = time.Duration(shares[i] / whole * float64(c.at(since).Takes))
		}
	}
	if len(e.Whole) > 0 {
		spread(e.Whole, 0, len(shares))
		return all
	}
	spread(e.Head, 0, cut)
	spread(e.Tail, cut, len(shares))
	return all
}

// Executor makes another one as slow as the emulated device: every layer runs for real, and the result is held until the
// device would have it. With emulation off it is the other one. cut is the first layer of the tail, shares are those of the
// network's layers, see Layers, and chances of times with a spread are those of the seed. The head is the layers [from, cut), or
// where there are none, all before the cut.
func (e Emulation) Executor(x pipeline.Executor, from, cut int, shares []float64, seed uint64) pipeline.Executor {
	if e.Name == "" {
		return x
	}
	if from >= cut {
		from = 0
	}
	return &Emulated{Executor: x, device: e, from: from, cut: cut, shares: shares, opened: time.Now(), random: rand.New(rand.NewPCG(seed, 2))}
}

// Computes is what the device needs for so many frames in the layers [from, to), so long after the run was opened. The tail
// begins at cut; shares are those of the layers, which only a device that is given as a whole needs.
func (e Emulation) Computes(random *rand.Rand, since time.Duration, frames, from, to, cut int, shares []float64) (d time.Duration) {
	if len(e.Whole) > 0 {
		share := 0.0
		for _, s := range shares[from:to] {
			share += s
		}
		d += time.Duration(share * float64(e.Whole.at(since).draw(random)))
	}
	if from < cut {
		d += e.Head.at(since).draw(random)
	}
	if to > cut {
		d += e.Tail.at(since).draw(random)
	}
	return time.Duration(frames) * d // the original knew no batches
}

// Loads is what it needs to make the tail resident.
func (e Emulation) Loads(random *rand.Rand, since time.Duration) time.Duration {
	return e.Load.at(since).draw(random)
}

// Emulated is an executor that takes the time of another device.
type Emulated struct {
	pipeline.Executor
	device Emulation
	from   int       // first layer of the head
	cut    int       // and of the tail
	shares []float64 // of the network's time, by layer
	opened time.Time
	random *rand.Rand    // of the loop
	over   time.Duration // by how much the last hold was too long
	held   time.Duration // altogether
	missed time.Duration // of holds that were so much too long that it can't be made up for
}

// Note says that the machine was too busy to be the device; empty: it was not.
func (x *Emulated) Note() string {
	const tolerable = 0.02
	share := float64(x.missed) / float64(max(x.held, time.Millisecond)) // a device of no time at all is never late
	if x.held == 0 || share < tolerable {
		return ""
	}
	return fmt.Sprintf("took %.0f %% longer than %s, as this machine was too busy to emulate it", 100*share, x.device)
}

func (x *Emulated) Run(ins [][]float32, from, to int) ([][]float32, error) {
	began := time.Now()
	outs, err := x.Executor.Run(ins, from, to)
	if err == nil {
		x.hold(began, x.computes(began.Sub(x.opened), len(ins), from, to))
	}
	return outs, err
}

// computes is what the device takes for layers. Where the run was cut anew, they may be a part of the head, of the tail, or of
// both, and take their share of that.
func (x *Emulated) computes(since time.Duration, frames, from, to int) time.Duration {
	whole := len(x.device.Whole) > 0 || (from == x.from || from == x.cut) && (to == x.cut || to == len(x.shares))
	if whole {
		return x.device.Computes(x.random, since, frames, from, to, x.cut, x.shares)
	}
	share := func(from, to int) (all float64) {
		for i := from; i < to; i++ {
			all += x.shares[i]
		}
		return all
	}
	part := func(c Course, from, to, first, last int) float64 {
		return float64(c.at(since).draw(x.random)) * share(from, to) / max(share(first, last), math.SmallestNonzeroFloat64)
	}
	head := part(x.device.Head, from, min(to, x.cut), x.from, x.cut)
	tail := part(x.device.Tail, max(from, x.cut), to, x.cut, len(x.shares))
	return time.Duration(frames) * time.Duration(head+tail)
}

func (x *Emulated) Load(from, to int) error {
	began := time.Now()
	err := x.Executor.Load(from, to)
	if err == nil && to > x.cut {
		x.hold(began, x.device.Loads(x.random, began.Sub(x.opened)))
	}
	return err
}

// Prepare holds the loader, not the loop. It is called by another goroutine than Run, so it makes up for nothing.
func (x *Emulated) Prepare(from, to int) (func() error, error) {
	began := time.Now()
	install, err := x.Executor.Prepare(from, to)
	if err == nil && to > x.cut {
		chances := rand.New(rand.NewPCG(uint64(began.Sub(x.opened)), 3)) // its own
		time.Sleep(time.Until(began.Add(x.device.Loads(chances, began.Sub(x.opened)))))
	}
	return install, err
}

// hold waits until the device would be ready. Sleeping takes up to a millisecond longer than it is asked to, which
// would make the device 2 % slower than it is: what one hold takes too long, the next one makes up for.
func (x *Emulated) hold(began time.Time, d time.Duration) {
	const most = 5 * time.Millisecond // beyond it the machine was busy, and the time is lost
	until := began.Add(d - x.over)
	time.Sleep(time.Until(until))
	x.over = max(time.Since(until), 0)
	x.held += d
	if x.over > most {
		x.missed += x.over - most
		x.over = most
	}
}
