package device

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// meter measures the energy of the whole machine. One goroutine at a time uses it.
type meter interface {
	fmt.Stringer // such as hwmon ina219
	// joules is the energy until now, since some beginning: the difference of two is that between them.
	joules(now time.Time) (float64, error)
	// beat is how often it has to be read.
	beat() time.Duration
}

// findMeter returns the first meter that answers, nil for none: a chip that measures the supply knows more of the
// machine than the rails of a Pi 5, and these more than the counters of a PC's processor.
func findMeter(files fs.FS, firmware firmware) meter {
	for _, m := range []meter{findHwmon(files), findRails(firmware), findPowercap(files)} {
		if m == nil {
			continue
		}
		if _, err := m.joules(time.Now()); err == nil {
			return m
		}
	}
	return nil
}

// gauge is a meter that shows watts. Between two readings they are taken to change evenly.
type gauge struct {
	name  string
	watts func() (float64, error)
	every time.Duration

	last      time.Time
	lastWatts float64
	total     float64
}

func (g *gauge) String() string      { return g.name }
func (g *gauge) beat() time.Duration { return g.every }

func (g *gauge) joules(now time.Time) (float64, error) {
	watts, err := g.watts()
	if err != nil {
		return 0, err
	}
	if !g.last.IsZero() {
		g.total += (g.lastWatts + watts) / 2 * now.Sub(g.last).Seconds()
	}
	g.last, g.lastWatts = now, watts
	return g.total, nil
}

// findHwmon takes the first power*_input in microwatts, such as that of an INA219 in the supply. A chip with several
// measures parts of what the first one does. Graphics cards have one too, which is not the machine's.
func findHwmon(files fs.FS) meter {
	graphics := []string{"amdgpu", "radeon", "nouveau", "i915", "xe"}
	inputs, _ := fs.Glob(files, "sys/class/hwmon/hwmon*/power*_input") // the pattern is right
	for _, input := range inputs {
		name, err := text(files, path.Join(path.Dir(input), "name"))
		if err != nil || slices.Contains(graphics, name) {
			continue
		}
		read := func() (float64, error) {
			microwatts, err := number(files, input)
			return microwatts / 1e6, err
		}
		// Frames come and go in less, and a run of some seconds needs many readings for a good mean.
		return &gauge{name: "hwmon " + name, watts: read, every: 100 * time.Millisecond}
	}
	return nil
}

func findRails(firmware firmware) meter {
	if firmware == "" {
		return nil
	}
	return &gauge{name: "pmic", watts: firmware.watts, every: time.Second} // each reading is a process
}

// counters are a meter of zones that count microjoules and begin anew when they are full.
type counters struct {
	name  string
	files fs.FS
	zones []zone
	total float64 // joules
}

type zone struct {
	path string
	last float64 // microjoules; below 0: not yet read
	full float64
}

func (c *counters) String() string      { return c.name }
func (c *counters) beat() time.Duration { return time.Minute } // a PC's counter is full after some

func (c *counters) joules(time.Time) (float64, error) {
	for i := range c.zones {
		z := &c.zones[i]
		n, err := number(c.files, path.Join(z.path, "energy_uj"))
		if err != nil {
			return 0, err
		}
		if z.last >= 0 {
			used := n - z.last
			if used < 0 {
				used += z.full
			}
			c.total += used / 1e6
		}
		z.last = n
	}
	return c.total, nil
}

// findPowercap takes the zone of the whole platform where there is one, and else those of all processors, which is less
// than the machine. Most systems let only root read them.
func findPowercap(files fs.FS) meter {
	names, _ := fs.Glob(files, "sys/class/powercap/intel-rapl:*/name") // of AMD's processors too
	c := &counters{name: "powercap", files: files}
	for _, file := range names {
		at := path.Dir(file)
		name, err := text(files, file)
		if err != nil || strings.Count(path.Base(at), ":") > 1 { // a part of another zone
			continue
		}
		full, err := number(files, path.Join(at, "max_energy_range_uj"))
		if err != nil {
			continue
		}
		z := zone{path: at, last: -1, full: full}
		if name == "psys" {
			c.name, c.zones = "powercap psys", []zone{z}
			break
		}
		if strings.HasPrefix(name, "package-") {
			c.zones = append(c.zones, z)
			c.name += " " + name
		}
	}
	if len(c.zones) == 0 {
		return nil
	}
	return c
}
