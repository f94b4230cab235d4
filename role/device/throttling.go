package device

import (
	"fmt"
	"strconv"
	"strings"
)

// throttling is what a Raspberry Pi's firmware says of the limits that it sets itself: bits 0 to 3 are true now, 16 to
// 19 have been since the boot (raspberrypi.com/documentation/computers/os.html, get_throttled).
type throttling uint32

const (
	underVoltage throttling = 1 << iota
	frequencyCapped
	throttledNow
	softTemperatureLimit

	limits    = underVoltage | frequencyCapped | throttledNow | softTemperatureLimit
	sinceBoot = 16 // bits higher
)

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
func (t throttling) now() throttling { return t & limits }

// ever are the limits that have held since the boot.
func (t throttling) ever() throttling { return t>>sinceBoot&limits | t.now() }

// String names the limits that hold now.
func (t throttling) String() string {
	var names []string
	for i, name := range []string{"under-voltage", "frequency capped", "throttled", "soft temperature limit"} {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
