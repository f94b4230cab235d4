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

// answerTime is for one answer. It usually takes a hundredth of it.
const answerTime = time.Second

// findFirmware looks for a vcgencmd that works; without the right to open /dev/vcio it does not.
func findFirmware() firmware {
	for _, name := range []string{"vcgencmd", "/opt/vc/bin/vcgencmd"} {
		if path, err := exec.LookPath(name); err == nil {
			if _, err := firmware(path).throttling(); err == nil {
				return firmware(path)
			}
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

func (f firmware) throttling() (throttling, error) {
	answer, err := f.ask("get_throttled")
	if err != nil {
		return 0, err
	}
	return parseThrottling(answer)
}

// clock is the measured one, in MHz, from an answer such as frequency(48)=1400000000.
func (f firmware) clock() (float64, error) {
	answer, err := f.ask("measure_clock", "arm")
	if err != nil {
		return 0, err
	}
	_, text, _ := strings.Cut(strings.TrimSpace(answer), "=")
	hertz, err := strconv.ParseFloat(text, 64)
	if err != nil || !(hertz > 0 && hertz < 1e12) {
		return 0, fmt.Errorf("%s measure_clock arm says %q, which is no frequency", f, answer)
	}
	return hertz / 1e6, nil
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
	amperes := make(map[string]float64)
	volts := make(map[string]float64)
	for line := range strings.Lines(answer) {
		name, reading, _ := strings.Cut(strings.TrimSpace(line), " ")
		_, text, _ := strings.Cut(reading, "=")
		value, err := strconv.ParseFloat(strings.TrimRight(text, "AV"), 64)
		if err != nil || !(value >= 0 && value < 1000) {
			continue
		}
		if rail, ok := strings.CutSuffix(name, "_A"); ok {
			amperes[rail] = value
		} else if rail, ok := strings.CutSuffix(name, "_V"); ok {
			volts[rail] = value
		}
	}
	total := 0.0
	rails := 0
	for rail, a := range amperes {
		if v, ok := volts[rail]; ok {
			total += v * a
			rails++
		}
	}
	if rails == 0 {
		return 0, fmt.Errorf("%s pmic_read_adc names no rail with volts and amperes", f)
	}
	return total, nil
}
