package f32

import (
	"os"
	"strings"
)

// loadsHalves says that all cores are a Cortex-A53 (Pi 3, Zero 2), which loads 64
// bits beside a product and stops for 128. By the model of TestIssue the tile then
// takes 0.8 times the cycles, in 1.4 times the instructions; others gain nothing.
var loadsHalves = onlyA53(os.ReadFile("/proc/cpuinfo"))

// onlyA53 reads /proc/cpuinfo, which names the part of each core.
func onlyA53(cpuinfo []byte, err error) bool {
	parts := 0
	for line := range strings.Lines(string(cpuinfo)) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) != "CPU part" {
			continue
		}
		if strings.TrimSpace(value) != "0xd03" {
			return false
		}
		parts++
	}
	return err == nil && parts > 0
}
