package device

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// firmware is the path of vcgencmd, which asks the firmware of a Raspberry Pi; empty: there is none.
type firmware string

// answerTime is for one answer. It usually takes a hundredth of it. Tests are more patient, as their machine may be busy.
var answerTime = time.Second

// findFirmware looks for a vcgencmd that works; without the right to open /dev/vcio it does not.
func findFirmware() firmware {
	for _, f := range []firmware{"vcgencmd", "/opt/vc/bin/vcgencmd"} {
		if _, err := exec.LookPath(string(f)); err != nil {
			continue // no process is forked in vain: under qemu that may hang
		}
		if _, err := f.throttling(); err == nil {
			return f
		}
	}
	return ""
}

func (f firmware) ask(question ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, string(f), question...)
	cmd.WaitDelay = answerTime / 10
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", f, strings.Join(question, " "), err)
	}
	return string(out), nil
}

// clock is the measured one, in MHz, from an answer such as frequency(48)=1400000000; 0: it is not known.
func (f firmware) clock() float64 {
	answer, _ := f.ask("measure_clock", "arm")
	var domain, hertz int64
	_, err := fmt.Sscanf(answer, "frequency(%d)=%d", &domain, &hertz)
	if err != nil || hertz < 0 || hertz > 1e12 {
		return 0
	}
	return float64(hertz) / 1e6
}

// watts adds up the rails of a Raspberry Pi 5's power controller, from lines such as
//
//	VDD_CORE_A current(7)=0.94657990A
//	VDD_CORE_V volt(15)=0.72097620V
//
// The losses of the regulators and what the USB ports give away are not in it.
func (f firmware) watts() (float64, error) {
	answer, err := f.ask("pmic_read_adc")
	if err != nil {
		return 0, err
	}
	readings := make(map[string]float64)
	for line := range strings.Lines(answer) {
		name, reading, _ := strings.Cut(strings.TrimSpace(line), " ")
		_, text, _ := strings.Cut(reading, "=")
		value, err := strconv.ParseFloat(strings.TrimRight(text, "AV"), 64)
		if err == nil && value >= 0 && value < 1000 {
			readings[name] = value
		}
	}
	total, rails := 0.0, 0
	for name, amperes := range readings {
		rail, is := strings.CutSuffix(name, "_A")
		if volts, known := readings[rail+"_V"]; is && known {
			total += volts * amperes
			rails++
		}
	}
	if rails == 0 {
		return 0, fmt.Errorf("%s pmic_read_adc names no rail with volts and amperes", f)
	}
	return total, nil
}

// throttling is what a Raspberry Pi's firmware says of the limits that it sets itself: bits 0 to 3 are true now, 16 to
// 19 have been since the boot (raspberrypi.com/documentation/computers/os.html, get_throttled).
type throttling uint32

const underVoltage throttling = 1

// limitNames are those of the bits.
var limitNames = []string{"under-voltage", "frequency capped", "throttled", "soft temperature limit"}

func (f firmware) throttling() (throttling, error) {
	answer, err := f.ask("get_throttled")
	if err != nil {
		return 0, err
	}
	return parseThrottling(answer)
}

// parseThrottling reads 50005, as sysfs has it, or throttled=0x50005, as vcgencmd does.
func parseThrottling(s string) (throttling, error) {
	hex := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "throttled="), "0x")
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%q are no throttling flags", s)
	}
	return throttling(n), nil
}

// now are the limits that hold.
func (t throttling) now() throttling { return t & (1<<len(limitNames) - 1) }

// ever are the limits that have held since the boot.
func (t throttling) ever() throttling { return (t>>16 | t).now() }

// String names the limits that hold now.
func (t throttling) String() string {
	var names []string
	for i, name := range limitNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
