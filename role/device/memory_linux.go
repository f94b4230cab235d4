package device

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Memory is how many bytes of memory this process may use: the machine's, or less where its control group, or one around
// it, has a limit (cgroup v2). 0: it is not known.
func Memory() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	own, _ := os.ReadFile("/proc/self/cgroup") // empty where there are none
	return limited(uint64(info.Totalram)*uint64(info.Unit), "/sys/fs/cgroup", string(own))
}

// limited is the least of a number of bytes and of the limits of a control group, as /proc/self/cgroup names it.
func limited(bytes uint64, root, own string) uint64 {
	for line := range strings.Lines(own) {
		group, v2 := strings.CutPrefix(strings.TrimSpace(line), "0::")
		for ; v2; group = filepath.Dir(group) {
			text, _ := os.ReadFile(filepath.Join(root, group, "memory.max"))
			if limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil { // not "max"
				bytes = min(bytes, limit)
			}
			if group == "/" || group == "." || group == "" {
				break
			}
		}
	}
	return bytes
}
