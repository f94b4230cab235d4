package role

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// device is what a role runs on, or what it emulates: where its energy is known from, and its condition.
type device struct {
	role    string // as the notes call it
	sensors sensors
	meter   meter // nil: the model, where there is one
	model   Power
	threads int // that compute, in the model
	traffic transport.Traffic
}

// openDevice looks at this machine. shared: it plays other roles too, so a meter would count it for each of them.
func openDevice(cfg Config, shared bool) *device {
	files := os.DirFS("/")
	return newDevice(cfg, files, findFirmware(), shared)
}

func newDevice(cfg Config, files fs.FS, firmware firmware, shared bool) *device {
	d := &device{role: string(cfg.Role), threads: cfg.Threads}
	if !shared || cfg.Role == Slow { // one look at a shared machine is enough
		d.sensors = findSensors(files, firmware)
	}
	if shared {
		d.role = "this machine"
	}
	emulated := cfg.Emulate.Name != ""
	if emulated {
		d.threads = 1 // as the original computed
	}
	switch {
	case cfg.Power.Name != "":
		d.model = cfg.Power
	case cfg.Emulate.Name == Pi3.Name:
		d.model = pi3bPlus
	case emulated: // a meter would measure another device than the emulated one
	default:
		name, _ := text(files, "proc/device-tree/model") // a PC has none
		d.model = modelOf(name)
		if !shared {
			d.meter = findMeter(files, firmware)
		}
	}
	return d
}

// source says where the energy is known from; empty: it is not known.
func (d *device) source() string {
	switch {
	case d.meter != nil:
		return "meter " + d.meter.String()
	case !d.model.none():
		return "model " + d.model.Name
	}
	return ""
}

// watch is a look at the device during one run, from its opening to its closing on this node.
type watch struct {
	device *device
	began  time.Time
	bytes  int64   // that had been moved then
	joules float64 // that the meter had then

	throttled atomic.Bool
	stop      context.CancelFunc
	sampling  sync.WaitGroup
	worst     condition // of the run; the sampling goroutine's until it has ended
	failed    error     // the meter's, at the beginning or the end
}

// lookBeat is the time between two looks at the device's condition.
const lookBeat = time.Second

// watch begins a look at the device. End it.
func (d *device) watch() *watch {
	w := &watch{device: d, began: time.Now(), bytes: d.traffic.Bytes(), worst: d.sensors.read()}
	w.throttled.Store(w.worst.limits.now() != 0)
	w.joules, w.failed = d.measure(w.began)
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	if !d.sensors.blind() || d.meter != nil {
		w.sampling.Go(func() { w.sample(ctx) })
	}
	return w
}

// Throttled reports whether the firmware limited the device when it was last looked at. It costs nothing.
func (w *watch) Throttled() bool { return w.throttled.Load() }

func (w *watch) sample(ctx context.Context) {
	look := time.NewTicker(lookBeat)
	defer look.Stop()
	var measure <-chan time.Time
	if w.device.meter != nil {
		t := time.NewTicker(w.device.meter.beat())
		defer t.Stop()
		measure = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			w.look()
		case <-measure:
			_, _ = w.device.measure(time.Now()) // without it the next reading spans a longer time
		}
	}
}

func (w *watch) look() {
	c := w.device.sensors.read()
	w.throttled.Store(c.limits.now() != 0)
	w.worst.add(c)
}

// measure reads the meter, where there is one.
func (d *device) measure(now time.Time) (joules float64, err error) {
	if d.meter == nil {
		return 0, nil
	}
	return d.meter.joules(now)
}

// energy is in joules; false: it is not known.
func (w *watch) energy(now time.Time, e *pipeline.Entry) (joules float64, known bool) {
	d := w.device
	switch {
	case d.meter != nil:
		total, err := d.measure(now)
		if w.failed == nil {
			w.failed = err
		}
		return total - w.joules, w.failed == nil
	case !d.model.none():
		computing := time.Duration(e.BusyMS * float64(time.Millisecond))
		return d.model.joules(now.Sub(w.began), computing, d.threads, e.Bytes), true
	}
	return 0, false
}

// end stops watching, fills in what the entry says of the device, and returns what was out of the ordinary.
func (w *watch) end(e *pipeline.Entry) (notes []string) {
	w.stop()
	w.sampling.Wait()
	w.look()
	d := w.device
	e.Bytes = d.traffic.Bytes() - w.bytes
	if joules, known := w.energy(time.Now(), e); known {
		e.EnergyJ, e.EnergyBy = math.Round(1000*joules)/1000, d.source()
	}
	e.Device = w.worst.String()
	if w.failed != nil {
		notes = append(notes, fmt.Sprintf("%s does not know its energy: the %s failed: %v", d.role, d.source(), w.failed))
	}
	if w.worst.limits.now() != 0 {
		notes = append(notes, fmt.Sprintf("%s was limited by its firmware: %s", d.role, e.Device))
	}
	return notes
}

// traffic counts what goes over the connections of this role; nil: it has not been started.
func (c Config) traffic() *transport.Traffic {
	if c.device == nil {
		return nil
	}
	return &c.device.traffic
}
