// Package device is the machine that a node runs on: what it draws, and what slows it down.
package device

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tandem/pipeline"
	"tandem/transport/link"
)

// Device is what a role runs on, or what it emulates: where its energy is known from, and its condition.
type Device struct {
	sensors sensors
	meter   *meter // nil: the model, where there is one
	model   Power
	threads int          // that compute, in the model
	Traffic link.Traffic // over the connections of the role
}

// Owner is the role that looks at its device.
type Owner struct {
	Role    string
	Threads int       // that compute
	Power   Power     // what the user knows of the device; the zero value: nothing
	Emulate Emulation // the device that is emulated
}

// Open looks at this machine. shared: it plays other roles too, so a meter would count it for each of them.
func Open(o Owner, shared bool) *Device { return OpenAt(o, os.DirFS("/"), findFirmware(), shared) }

// OpenAt looks at the files of a machine, and asks its firmware by the program vcgencmd; empty: there is none.
func OpenAt(o Owner, files fs.FS, firmware firmware, shared bool) *Device {
	d := &Device{threads: o.Threads}
	if !shared || o.Role == "slow" { // one look at a shared machine is enough
		d.sensors = findSensors(files, firmware)
	}
	if d.model = o.model(); o.Emulate.Name != "" {
		d.threads = 1 // as the original computed
	} else if d.model.Name == "" {
		name, _ := text(files, "proc/device-tree/model") // a PC has none
		d.model = modelOf(name)
		if !shared {
			d.meter = findMeter(files, firmware)
		}
	}
	return d
}

// model is what the user knows of the device, or what is known of the emulated one: a meter would measure another.
func (o Owner) model() Power {
	if o.Power.Name != "" || o.Emulate.Name == "" {
		return o.Power
	}
	return o.Emulate.Draw
}

// Model fills in the energy of an entry by the model of its owner's device, where there is one.
func (o Owner) Model(e *pipeline.Entry) {
	d := &Device{model: o.model()}
	if d.model.none() {
		return
	}
	elapsed, computing := time.Duration(e.ElapsedS*float64(time.Second)), time.Duration(e.BusyMS*float64(time.Millisecond))
	e.EnergyJ, e.EnergyBy = math.Round(1000*d.model.joules(elapsed, computing, o.Threads, e.Bytes))/1000, d.Source()
}

// Source says where the energy is known from; empty: it is not known.
func (d *Device) Source() string {
	switch {
	case d.meter != nil:
		return "meter " + d.meter.name
	case !d.model.none():
		return "model " + d.model.Name
	}
	return ""
}

// Watch is a look at the device during one run, from its opening to its closing on this node.
type Watch struct {
	device *Device
	began  time.Time
	bytes  int64   // that had been moved then
	joules float64 // that the meter had then

	throttled atomic.Bool
	stop      context.CancelFunc
	sampling  sync.WaitGroup

	mu     sync.Mutex
	worst  condition // of the run
	total  float64   // joules that the meter had when it was last read
	failed error     // the meter's, at the beginning or the end
}

// lookBeat is the time between two looks at the device's condition.
const lookBeat = time.Second

// Watch begins a look at the device. End it.
func (d *Device) Watch() *Watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &Watch{device: d, began: time.Now(), bytes: d.Traffic.Bytes(), stop: stop, worst: d.sensors.read()}
	w.throttled.Store(w.worst.limits.now() != 0)
	w.failed = w.measure()
	w.joules = w.total
	if len(d.sensors) > 0 {
		w.sample(ctx, lookBeat, w.look)
	}
	if d.meter != nil {
		w.sample(ctx, d.meter.beat, func() { _ = w.measure() }) // the next reading makes up for one that fails
	}
	return w
}

// Throttled reports whether the firmware limited the device when it was last looked at. It costs nothing.
func (w *Watch) Throttled() bool { return w.throttled.Load() }

func (w *Watch) sample(ctx context.Context, beat time.Duration, take func()) {
	w.sampling.Go(func() {
		tick := time.Tick(beat)
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick:
				take()
			}
		}
	})
}

func (w *Watch) look() {
	c := w.device.sensors.read()
	w.throttled.Store(c.limits.now() != 0)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.worst.add(c)
}

// measure reads the meter, where there is one.
func (w *Watch) measure() error {
	if w.device.meter == nil {
		return nil
	}
	total, err := w.device.meter.joules(time.Now())
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.total = total
	}
	return err
}

// SoFar fills in what the entry of a run says of the device, as it was when it was last looked at.
func (w *Watch) SoFar(e *pipeline.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.device
	e.Bytes, e.Device = d.Traffic.Bytes()-w.bytes, w.worst.String()
	var joules float64
	switch {
	case d.meter != nil && w.failed == nil:
		joules = w.total - w.joules
	case d.meter == nil && !d.model.none():
		computing := time.Duration(e.BusyMS * float64(time.Millisecond))
		joules = d.model.joules(time.Since(w.began), computing, d.threads, e.Bytes)
	default:
		return
	}
	e.EnergyJ, e.EnergyBy = max(0, math.Round(1000*joules)/1000), d.Source() // chips measure a little below 0 too
}

// End stops watching, fills in what the entry says of the device, and returns what was out of the ordinary.
func (w *Watch) End(e *pipeline.Entry) (notes []string) {
	w.stop()
	w.sampling.Wait()
	w.look()
	err := w.measure()
	w.mu.Lock()
	w.failed = cmp.Or(w.failed, err)
	w.mu.Unlock()
	w.SoFar(e)
	if w.failed != nil {
		notes = append(notes, fmt.Sprintf("does not know its energy: the %s failed: %v", w.device.Source(), w.failed))
	}
	if w.worst.limits.now() != 0 {
		notes = append(notes, fmt.Sprintf("was limited by its firmware: %s", e.Device))
	}
	return notes
}
