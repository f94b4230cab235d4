package device

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// condition is the state of a machine, as far as it can be known.
type condition struct {
	clock   float64    // MHz; 0: not known
	highest float64    // MHz that the clock may have; 0: not known
	degrees *float64   // Celsius; nil: not known
	limits  throttling // of a Raspberry Pi
}

// String is empty where nothing is known.
func (c condition) String() string {
	var parts []string
	if limits := c.limits.String(); limits != "" {
		parts = append(parts, limits)
	}
	switch {
	case c.clock > 0 && c.highest > 0:
		parts = append(parts, fmt.Sprintf("%.0f of %.0f MHz", c.clock, c.highest))
	case c.clock > 0:
		parts = append(parts, fmt.Sprintf("%.0f MHz", c.clock))
	}
	if c.degrees != nil {
		parts = append(parts, fmt.Sprintf("%.0f °C", *c.degrees))
	}
	text := strings.Join(parts, ", ")
	if before := c.limits.ever() &^ c.limits.now(); before != 0 {
		text = strings.TrimPrefix(text+fmt.Sprintf(" (since boot: %s)", before), " ")
	}
	return text
}

// add makes it the condition over a time: the limits that held at any moment, the highest temperature, and the clock
// that explains the speed. That is the lowest one under a limit and otherwise the highest, as an idle processor is
// clocked down without any harm.
func (c *condition) add(next condition) {
	limited, was := next.limits.now() != 0, c.limits.now() != 0
	switch {
	case next.clock == 0:
	case limited && (!was || next.clock < c.clock), !limited && !was && next.clock > c.clock:
		c.clock = next.clock
	}
	c.highest = max(c.highest, next.highest)
	if c.degrees == nil || next.degrees != nil && *next.degrees > *c.degrees {
		c.degrees = next.degrees
	}
	news := next.limits.ever() &^ c.limits.ever() // it came and went between two looks
	c.limits |= next.limits | news
}

// sensors fill in, one after the other, what they know of a machine's condition. What can't be read now is not known now.
type sensors []func(*condition)

// findSensors looks for them once, so that reading is cheap.
func findSensors(files fs.FS, firmware firmware) (found sensors) {
	add := func(file string, show func(c *condition, value float64)) {
		found = append(found, func(c *condition) {
			if value, err := number(files, file); err == nil {
				show(c, value)
			}
		})
	}
	for _, at := range []string{"sys/devices/system/cpu/cpufreq/policy0", "sys/devices/system/cpu/cpu0/cpufreq"} {
		clock := path.Join(at, "scaling_cur_freq")
		if _, err := number(files, clock); err == nil {
			highest, _ := number(files, path.Join(at, "cpuinfo_max_freq")) // 0: not known
			add(clock, func(c *condition, kilohertz float64) { c.clock, c.highest = kilohertz/1000, highest/1000 })
			break
		}
	}
	processors := []string{"cpu-thermal", "cpu_thermal", "bcm2835_thermal", "soc-thermal", "soc_thermal", "x86_pkg_temp"}
	if zone := named(files, "sys/class/thermal/thermal_zone*/type", processors...); zone != "" {
		add(path.Join(zone, "temp"), func(c *condition, thousandths float64) { c.degrees = new(thousandths / 1000) })
	}
	if chip := named(files, "sys/class/hwmon/hwmon*/name", "rpi_volt"); chip != "" {
		add(path.Join(chip, "in0_lcrit_alarm"), func(c *condition, alarm float64) {
			if alarm != 0 {
				c.limits |= underVoltage
			}
		})
	}
	// Kernels from 4.14 to 6.12 have it; later ones, since March 2025, leave it to vcgencmd.
	flags, _ := fs.Glob(files, "sys/devices/platform/soc*/soc*:firmware/get_throttled")
	if len(flags) > 0 || firmware != "" {
		found = append(found, func(c *condition) {
			var limits throttling
			if len(flags) > 0 {
				hex, _ := text(files, flags[0])
				limits, _ = parseThrottling(hex)
			} else {
				limits, _ = firmware.throttling()
			}
			c.limits |= limits
			// The kernel knows the clock that it asked for, and the firmware the one that it allows (raspberrypi/linux #2986).
			if firmware != "" && c.limits.now() != 0 {
				c.clock = cmp.Or(firmware.clock(), c.clock)
			}
		})
	}
	return found
}

// read takes a look.
func (s sensors) read() (c condition) {
	for _, look := range s {
		look(&c)
	}
	return c
}

// named returns the folder in which a file that matches the pattern has one of the names; empty: there is none.
func named(files fs.FS, pattern string, names ...string) string {
	matches, _ := fs.Glob(files, pattern)
	for _, m := range matches {
		if name, err := text(files, m); err == nil && slices.Contains(names, name) {
			return path.Dir(m)
		}
	}
	return ""
}

// text is the content of a file of one line. The device tree ends its own with a zero byte.
func text(files fs.FS, name string) (string, error) {
	b, err := fs.ReadFile(files, name)
	return strings.TrimRight(string(b), "\x00\n"), err
}

// number reads a file as the kernel writes them, in thousandths or millionths, so that it is whole.
func number(files fs.FS, name string) (float64, error) {
	s, err := text(files, name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return float64(n), err
}
