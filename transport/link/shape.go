package link

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shape is that of an emulated link: what happens to all that a node sends. The zero value is the real one.
type Shape struct {
	Name   string        // as it is shown; empty: real
	Delay  time.Duration // of every segment, one way
	Jitter time.Duration // mean of what comes on top of it, exponentially distributed; bytes keep their order
	Loss   float64       // share of the segments that are lost, and sent again by TCP
	Rate   float64       // bits a second, with the headers of TCP, IP and Ethernet; 0: no limit
	Later  []Leg         // other rates, the earliest first: somebody moves, a door closes
}

// Leg is the rate that holds from a moment of a run on.
type Leg struct {
	Rate float64
	From time.Duration // since the run was opened on the node
}

// rate is the one that holds so long after the opening; below 0: before it.
func (s Shape) rate(since time.Duration) float64 {
	rate := s.Rate
	for _, leg := range s.Later {
		if leg.From <= since {
			rate = leg.Rate
		}
	}
	return rate
}

// The presets. Their rates are such that TCP carries so much data.
//
// Wi-Fi: 24 Mbit/s for a Pi 3B+ and 108 Mbit/s for a Pi 4 are chosen, not cited, the first for a room with others in it.
// In sight of the router the MagPi (as quoted in unvt/portable#23) has 59 and 98 Mbit/s for a 3B+, and 58 and 114 for a
// Pi 4, it seems on 2.4 and on 5 GHz; raspberrypi/linux#4390 has 77 for a Pi 4 on 5 GHz.
//
// One way is half the round trip of 10,000 UDP packets between a laptop and a Pi 4 over an access point on 5 GHz: 3.6 ms in
// the mean and 11.0 ms at p99.8 (github.com/swystems/det-bypass, analysis/rpi-tests/udp_0load.dat; its notebook prints half
// of that mean, because it averages the packets' numbers in). An exponential distribution behind a constant delay has
// both, and 11.9 ms at p99.9. Wi-Fi repeats what it loses itself, which is the jitter, so TCP sees no loss. A Pi whose
// Wi-Fi saves power is many times slower.
//
// Ethernet: the port of a Pi 3B, 100 Mbit/s, of which the preamble and the gap between frames take 24 bytes a frame. Its
// delay is below what a timer can keep.
var (
	WiFi     = Shape{Name: "wifi", Delay: 2200 * time.Microsecond, Jitter: 1400 * time.Microsecond, Rate: 24e6 * framed / segment}
	WiFiPi4  = Shape{Name: "wifi-pi4", Delay: 2200 * time.Microsecond, Jitter: 1400 * time.Microsecond, Rate: 108e6 * framed / segment}
	Ethernet = Shape{Name: "ethernet", Rate: 100e6 * framed / (framed + 24)}
)

// What an Ethernet frame carries of a TCP stream with time stamps, as Linux sends it, and how long it is itself.
const (
	segment = 1448
	framed  = segment + 12 + 20 + 20 + 14
)

var errShape = errors.New("use off, wifi, wifi-pi4, ethernet, or a shape as in delay=3ms,jitter=2ms,loss=1%,rate=20mbit, of which any part may be left out, and the rate may change in the course of a run as in rate=108mbit,12mbit@20s,108mbit@40s")

// The largest values of a shape.
const (
	maxDelay = 10 * time.Second
	maxLoss  = 50 // percent
	minRate  = 10e3
	maxRate  = 10e9
)

// Parse reads off, a preset's name, or a shape.
func Parse(s string) (Shape, error) {
	if s == "off" {
		return Shape{}, nil
	}
	for _, preset := range []Shape{WiFi, WiFiPi4, Ethernet} {
		if s == preset.Name {
			return preset, nil
		}
	}
	l := Shape{Name: s}
	var given []string
	for part := range strings.SplitSeq(s, ",") {
		key, value, named := strings.Cut(part, "=")
		if n := len(given); !named && n > 0 && given[n-1] == "rate" {
			if err := l.later(part); err != nil {
				return Shape{}, fmt.Errorf("%q %w: %w", part, err, errShape)
			}
			continue
		}
		if slices.Contains(given, key) {
			return Shape{}, fmt.Errorf("%q is given twice: %w", key, errShape)
		}
		given = append(given, key)
		var err error
		switch key {
		case "delay":
			l.Delay, err = parseDelay(value)
		case "jitter":
			l.Jitter, err = parseDelay(value)
		case "loss":
			l.Loss, err = parseLoss(value)
		case "rate":
			l.Rate, err = parseRate(value)
		default:
			return Shape{}, fmt.Errorf("%q is unknown: %w", part, errShape)
		}
		if err != nil {
			return Shape{}, fmt.Errorf("%q %w: %w", part, err, errShape)
		}
	}
	return l, nil
}

// later adds a rate that holds from a moment on.
func (s *Shape) later(part string) error {
	rate, moment, _ := strings.Cut(part, "@")
	leg, err := Leg{}, error(nil)
	if leg.Rate, err = parseRate(rate); err != nil {
		return err
	}
	leg.From, err = time.ParseDuration(moment)
	if n := len(s.Later); err != nil || leg.From <= 0 || n > 0 && leg.From <= s.Later[n-1].From {
		return errors.New("has no moment later than what stands before it")
	}
	s.Later = append(s.Later, leg)
	return nil
}

func parseDelay(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxDelay {
		return 0, fmt.Errorf("is no time from 0s to %s", maxDelay)
	}
	return d, nil
}

func parseLoss(s string) (float64, error) {
	number, percent := strings.CutSuffix(s, "%")
	share, err := strconv.ParseFloat(number, 64)
	if err != nil || !percent || !(share >= 0 && share <= maxLoss) {
		return 0, fmt.Errorf("is no share from 0%% to %d%%", maxLoss)
	}
	return share / 100, nil
}

func parseRate(s string) (float64, error) {
	for unit, bits := range map[string]float64{"kbit": 1e3, "mbit": 1e6, "gbit": 1e9} {
		number, ok := strings.CutSuffix(s, unit)
		rate, err := strconv.ParseFloat(number, 64)
		if rate *= bits; ok && err == nil && rate >= minRate && rate <= maxRate {
			return rate, nil
		}
	}
	return 0, errors.New("is no rate from 10kbit to 10gbit")
}
