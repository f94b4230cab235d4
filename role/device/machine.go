package device

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// Machine says what this process runs on, in a few words: Raspberry Pi 4, or the processor and how many of its cores.
func Machine() string { return machine(os.DirFS("/")) }

func machine(files fs.FS) string {
	name, _ := text(files, "proc/device-tree/model") // a PC has none
	name, _, _ = strings.Cut(strings.TrimRight(name, "\x00"), " Rev ")
	if name = strings.Replace(name, " Model ", "", 1); name != "" {
		return name
	}
	return fmt.Sprintf("%s, %d cores", runtime.GOARCH, runtime.NumCPU())
}

// Load is how much of the machine's processors all its programs have wanted in the last minute: 1 is all of them. 0: it is not
// known.
func Load() float64 { return load(os.DirFS("/"), runtime.NumCPU()) }

func load(files fs.FS, cores int) (share float64) {
	averages, _ := text(files, "proc/loadavg")
	if _, err := fmt.Sscanf(averages, "%f", &share); err != nil || share < 0 {
		return 0
	}
	return share / float64(cores)
}
