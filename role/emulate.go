package role

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tandem/pipeline"
)

// Emulation makes a fast machine take the time of a slow one. The zero value is off.
type Emulation struct {
	Name string        // as it is shown; empty: off
	Head time.Duration // for the layers before the cut
	Tail time.Duration // for those from the cut on
	Load time.Duration // for making the tail resident
}

// Pi3 is a Raspberry Pi 3 under the original's software. The times explain its published results.
var Pi3 = Emulation{Name: "pi3", Head: 4 * time.Millisecond, Tail: 42 * time.Millisecond, Load: 580 * time.Millisecond}

var errEmulation = errors.New("use off, pi3, or times as in head=4ms,tail=42ms,load=580ms")

// ParseEmulation reads off, a preset's name, or a list of times.
func ParseEmulation(s string) (Emulation, error) {
	switch s {
	case "", "off":
		return Emulation{}, nil
	case Pi3.Name:
		return Pi3, nil
	}
	e := Emulation{Name: s}
	for part := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(part, "=")
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return Emulation{}, fmt.Errorf("%q is no time: %w", part, errEmulation)
		}
		switch key {
		case "head":
			e.Head = d
		case "tail":
			e.Tail = d
		case "load":
			e.Load = d
		default:
			return Emulation{}, fmt.Errorf("%q is unknown: %w", key, errEmulation)
		}
	}
	return e, nil
}

func (e Emulation) String() string {
	if e.Name == "" {
		return "off"
	}
	return e.Name
}

// over wraps an executor: every layer runs for real, and the result is held until the emulated device would have it.
func (e Emulation) over(x pipeline.Executor, cut int) pipeline.Executor {
	if e.Name == "" {
		return x
	}
	return &emulated{Executor: x, device: e, cut: cut}
}

type emulated struct {
	pipeline.Executor
	device Emulation
	cut    int
	over   time.Duration // by how much the last hold was too long
	held   time.Duration // altogether
	missed time.Duration // of holds that were so much too long that it can't be made up for
}

// note says where the machine was too busy to be the device; empty: it was not.
func (x *emulated) note() string {
	const tolerable = 0.02
	share := float64(x.missed) / float64(max(x.held, 1))
	if share < tolerable {
		return ""
	}
	return fmt.Sprintf("this machine was too busy to emulate %s: it took %.0f %% longer", x.device, 100*share)
}

func (x *emulated) Run(ins [][]float32, from, to int) ([][]float32, error) {
	began := time.Now()
	outs, err := x.Executor.Run(ins, from, to)
	if err == nil {
		x.hold(began, time.Duration(len(ins))*x.time(from, to)) // the original knew no batches
	}
	return outs, err
}

func (x *emulated) Load(from, to int) error {
	began := time.Now()
	err := x.Executor.Load(from, to)
	if err == nil && to > x.cut {
		x.hold(began, x.device.Load)
	}
	return err
}

// Prepare holds the loader, not the loop. It is called by another goroutine than Run, so it makes up for nothing.
func (x *emulated) Prepare(from, to int) (func() error, error) {
	began := time.Now()
	install, err := x.Executor.Prepare(from, to)
	if err == nil && to > x.cut {
		time.Sleep(time.Until(began.Add(x.device.Load)))
	}
	return install, err
}

// hold waits until the device would be ready. Sleeping takes up to a millisecond longer than it is asked to, which
// would make the device 2 % slower than it is: what one hold takes too long, the next one makes up for.
func (x *emulated) hold(began time.Time, d time.Duration) {
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

// time is what the device needs for the layers [from, to).
func (x *emulated) time(from, to int) time.Duration {
	var d time.Duration
	if from < x.cut {
		d += x.device.Head
	}
	if to > x.cut {
		d += x.device.Tail
	}
	return d
}
