package device

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Power is a model of what a device draws. The zero value is none.
type Power struct {
	Name  string  // as it is shown; empty: none was chosen
	Idle  float64 // watts
	Busy  float64 // watts while it computes, on all cores
	Cores int     // 0: Busy is what it draws whatever the number of threads
	Byte  float64 // joules for a byte sent or received

	board string // how the device tree's model begins; empty: none is it
}

// wifi is the cost of a byte: 4.813 mW for 1 Mbit/s, either way. Kaup, Gottschling and Hausheer, PowerPi (LCN 2014),
// measured it on a Raspberry Pi with Wi-Fi.
const wifi = 8 * 4.813e-9

// The presets. Idle and Busy are the ends of the lines that Noureddine, PowerJoular and JoularJX (IE 2022), and its
// later releases fit to measured watts over the load of all cores; the figures are rounded to 0.1 W. As the lines are
// straight, each core has an equal share of what lies between.
var (
	pi3bPlus = Power{"pi3b+", 2.0, 5.3, 4, wifi, "Raspberry Pi 3"} // 3B+ 1.3: 2.00 + 3.30 load
	pi4      = Power{"pi4", 2.3, 6.8, 4, wifi, "Raspberry Pi 4"}   // 4B 1.2, 64 bits: 2.29 + 4.53 load
	pi5      = Power{"pi5", 4.4, 7.9, 4, wifi, "Raspberry Pi 5"}   // 5B 1.0, 64 bits: 4.40 + 3.46 load
	noPower  = Power{Name: "off"}                                  // for those who want no energy in their reports

	presets = []Power{noPower, pi3bPlus, pi4, pi5}
)

var errPower = errors.New("use off, pi3b+, pi4, pi5, or watts IDLE,BUSY as in 2.1,4.5, and as a third number nanojoules for a byte")

// ParsePower reads off, a preset's name, or watts.
func ParsePower(s string) (Power, error) {
	for _, p := range presets {
		if s == p.Name {
			return p, nil
		}
	}
	texts := strings.Split(s, ",")
	if len(texts) != 2 && len(texts) != 3 {
		return Power{}, fmt.Errorf("%q is no device: %w", s, errPower)
	}
	const most = 1e6 // more is no device
	numbers := make([]float64, 3)
	for i, text := range texts {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0 && n <= most) {
			return Power{}, fmt.Errorf("%q is no number from 0 to %.0f: %w", text, most, errPower)
		}
		numbers[i] = n
	}
	p := Power{Name: s, Idle: numbers[0], Busy: numbers[1], Byte: numbers[2] * 1e-9}
	if p.Busy < p.Idle {
		return Power{}, fmt.Errorf("BUSY %s is less than IDLE %s: %w", texts[1], texts[0], errPower)
	}
	return p, nil
}

// none reports whether there is no model.
func (p Power) none() bool { return p.Name == "" || p.Name == noPower.Name }

// joules is the energy of a device that computed with so many threads for a part of the time, and moved bytes:
//
//	idle × elapsed + (busy - idle) × computing × threads/cores + byte × bytes
func (p Power) joules(elapsed, computing time.Duration, threads int, bytes int64) float64 {
	share := 1.0
	if p.Cores > 0 {
		share = float64(min(threads, p.Cores)) / float64(p.Cores)
	}
	return p.Idle*elapsed.Seconds() + (p.Busy-p.Idle)*computing.Seconds()*share + p.Byte*float64(bytes)
}

// modelOf returns the preset for a model's name as the device tree has it, such as Raspberry Pi 4 Model B Rev 1.2.
func modelOf(name string) Power {
	for _, p := range presets {
		if p.board != "" && strings.HasPrefix(name, p.board) {
			return p
		}
	}
	return Power{}
}
