package device

import (
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"tandem/pipeline"
)

func TestEnergySource(t *testing.T) {
	ina := with(pi3(), "sys/class/hwmon/hwmon3/name", "ina219", "sys/class/hwmon/hwmon3/power1_input", "2500000")
	own, _ := ParsePower("2,4")
	for _, test := range []struct {
		what    string
		files   map[string]string
		cfg     Owner
		shared  bool
		want    string
		threads int
	}{
		{"nothing known", nil, Owner{Threads: 2}, false, "", 2},
		{"a Pi", pi3(), Owner{Threads: 4}, false, "model pi3b+", 4},
		{"a Pi 4", with(pi3(), "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.2\x00"), Owner{}, false, "model pi4", 0},
		{"a Pi 5", with(pi3(), "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\x00"), Owner{}, false, "model pi5", 0},
		{"a Zero", with(pi3(), "proc/device-tree/model", "Raspberry Pi Zero W Rev 1.1\x00"), Owner{}, false, "", 0},
		{"a meter", ina, Owner{}, false, "meter hwmon ina219", 0},
		{"a meter that several roles share", ina, Owner{}, true, "model pi3b+", 0},
		{"a meter, and the user knows better", ina, Owner{Power: own}, false, "model 2,4", 0},
		{"a meter that nobody wants", ina, Owner{Power: noPower}, false, "", 0},
		{"a meter of another device than the emulated", ina, Owner{Emulate: Pi3, Threads: 8}, false, "model pi3b+", 1},
		{"a device of which only the times are known", ina, Owner{Emulate: Emulation{Name: "tail=1ms"}}, false, "", 1},
		{"a device that the user knows", nil, Owner{Emulate: Emulation{Name: "tail=1ms"}, Power: own}, true, "model 2,4", 1},
	} {
		d := OpenAt(test.cfg, tree(test.files), "", test.shared)
		if d.Source() != test.want || d.threads != test.threads {
			t.Errorf("%s: %q, %d threads", test.what, d.Source(), d.threads)
		}
	}
}

// changing is a file system whose files a test changes while it is watched.
type changing struct{ files chan fstest.MapFS }

func (c changing) Open(name string) (fs.File, error) {
	files := <-c.files
	defer func() { c.files <- files }()
	return files.Open(name)
}

func (c changing) set(name, content string) {
	files := <-c.files
	files[name] = &fstest.MapFile{Data: []byte(content + "\n")}
	c.files <- files
}

func watched(files map[string]string) changing {
	c := changing{make(chan fstest.MapFS, 1)}
	c.files <- tree(files)
	return c
}

// What was wrong during a run is told, though it is over when the run is closed.
func TestWatchTellsWhatWasWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := watched(pi3())
		w := OpenAt(Owner{Role: "slow", Threads: 2}, files, "", false).Watch()
		if w.Throttled() {
			t.Error("throttled from the beginning")
		}
		files.set(clockFile, "600000")               // idle
		time.Sleep(2*time.Second + time.Millisecond) // between two looks, from here on
		files.set(limitsFile, "40004")
		files.set(clockFile, "900000")
		files.set(heatFile, "82400")
		time.Sleep(2 * time.Second)
		if !w.Throttled() {
			t.Error("not throttled")
		}
		files.set(limitsFile, "50000") // a moment of under-voltage between two looks
		files.set(heatFile, "60000")
		files.set(clockFile, "1400000")
		time.Sleep(2*time.Second - time.Millisecond)
		if w.Throttled() {
			t.Error("still throttled")
		}
		e := pipeline.Entry{BusyMS: 4000}
		notes := w.End(&e)
		const want = "under-voltage, throttled, 900 of 1400 MHz, 82 °C"
		if e.Device != want || len(notes) != 1 || notes[0] != "was limited by its firmware: "+want {
			t.Errorf("%q, notes %q", e.Device, notes)
		}
		if joules := 2.0*6 + 3.3/2*4; math.Abs(e.EnergyJ-joules) > 0.001 || e.EnergyBy != "model pi3b+" {
			t.Errorf("%g J by %s, want %g", e.EnergyJ, e.EnergyBy, joules)
		}
	})
}

func TestWatchReadsTheMeter(t *testing.T) {
	const input = "sys/class/hwmon/hwmon3/power1_input"
	synctest.Test(t, func(t *testing.T) {
		files := watched(with(pi3(), "sys/class/hwmon/hwmon3/name", "ina219", input, "9000000"))
		d := OpenAt(Owner{Role: "fast"}, files, "", false)
		time.Sleep(time.Hour) // no run is open, and nothing counts
		for range 2 {
			files.set(input, "2000000")
			w := d.Watch()
			time.Sleep(2*time.Second + time.Millisecond)
			files.set(input, "4000000")
			time.Sleep(time.Second - time.Millisecond)
			var e pipeline.Entry
			notes := w.End(&e)
			// One reading lies between the two levels.
			if joules := 2.0*2 + 3*0.1 + 4*0.9; math.Abs(e.EnergyJ-joules) > 0.001 || e.EnergyBy != "meter hwmon ina219" || len(notes) > 0 {
				t.Errorf("%g J by %s, want %g, notes %q", e.EnergyJ, e.EnergyBy, joules, notes)
			}
		}
		w := d.Watch()
		files.set(input, "unplugged")
		time.Sleep(time.Second)
		var e pipeline.Entry
		if notes := w.End(&e); e.EnergyBy != "" || len(notes) != 1 || !strings.HasPrefix(notes[0], "does not know its energy: the meter hwmon ina219 failed:") {
			t.Errorf("%g J by %q, notes %q", e.EnergyJ, e.EnergyBy, notes)
		}
	})
}

// Nothing is watched where nothing can be seen.
func TestWatchOfAnUnknownMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := OpenAt(Owner{Role: "end"}, tree(nil), "", false).Watch()
		time.Sleep(time.Minute)
		var e pipeline.Entry
		if notes := w.End(&e); len(notes) > 0 || e.Device != "" || e.EnergyBy != "" || w.Throttled() {
			t.Errorf("%+v, notes %q", e, notes)
		}
	})
}
