package device

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// meter measures the energy of the whole machine. One goroutine at a time uses it.
type meter struct {
	name   string                               // such as hwmon ina219
	beat   time.Duration                        // how often it has to be read
	joules func(now time.Time) (float64, error) // until now, since some beginning: the difference of two is that between them
}

// findMeter returns the first meter that answers, nil for none: a chip that measures the supply knows more of the
// machine than the rails of a Pi 5, and these more than the counters of a PC's processor.
func findMeter(files fs.FS, firmware firmware) *meter {
	for _, m := range []*meter{findHwmon(files), findRails(firmware), findPowercap(files)} {
		if m == nil {
			continue
		}
		if _, err := m.joules(time.Now()); err == nil {
			return m
		}
	}
	return nil
}

// addUp makes joules of watts. Between two readings they are taken to change evenly.
func addUp(read func() (watts float64, err error)) func(time.Time) (float64, error) {
	var last time.Time
	var lastWatts, total float64
	return func(now time.Time) (float64, error) {
		watts, err := read()
		if err != nil {
			return 0, err
		}
		if !last.IsZero() {
			total += (lastWatts + watts) / 2 * now.Sub(last).Seconds()
		}
		last, lastWatts = now, watts
		return total, nil
	}
}

// findHwmon takes the first power*_input in microwatts, such as that of an INA219 in the supply. A chip with several
// measures parts of what the first one does. Graphics cards have one too, which is not the machine's.
func findHwmon(files fs.FS) *meter {
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
		return &meter{"hwmon " + name, 100 * time.Millisecond, addUp(read)}
	}
	return nil
}

func findRails(firmware firmware) *meter {
	if firmware == "" {
		return nil
	}
	return &meter{"pmic", time.Second, addUp(firmware.watts)} // each reading is a process
}

// zone is a part of a processor that counts microjoules, and begins anew when it is full.
type zone struct {
	count string  // file
	last  float64 // below 0: not yet read
	full  float64
}

// findPowercap takes the zone of the whole platform where there is one, and else those of all processors, which is less
// than the machine. Most systems let only root read them.
func findPowercap(files fs.FS) *meter {
	found, zones := "powercap", []zone{}
	names, _ := fs.Glob(files, "sys/class/powercap/intel-rapl:*/name") // of AMD's processors too
	for _, file := range names {
		at := path.Dir(file)
		name, unnamed := text(files, file)
		full, endless := number(files, path.Join(at, "max_energy_range_uj"))
		if unnamed != nil || endless != nil || strings.Count(path.Base(at), ":") > 1 { // a part of another zone
			continue
		}
		z := zone{path.Join(at, "energy_uj"), -1, full}
		if name == "psys" {
			found, zones = "powercap psys", []zone{z}
			break
		}
		if strings.HasPrefix(name, "package-") {
			found, zones = found+" "+name, append(zones, z)
		}
	}
	if len(zones) == 0 {
		return nil
	}
	total := 0.0
	joules := func(time.Time) (float64, error) {
		for i := range zones {
			z := &zones[i]
			n, err := number(files, z.count)
			if err != nil {
				return 0, err
			}
			if z.last >= 0 {
				used := n - z.last
				if used < 0 {
					used += z.full
				}
				total += used / 1e6
			}
			z.last = n
		}
		return total, nil
	}
	return &meter{found, time.Minute, joules} // a PC's counter is full after some
}
