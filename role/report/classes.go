package report

import (
	"fmt"
	"os"
	"strings"
)

// readClasses reads the names of the classes, one on each line.
func readClasses(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	const most = 1 << 20 // bytes
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("--classes: %w", err)
	}
	if info.Size() > most {
		return nil, fmt.Errorf("--classes %s: it has %d bytes, and at most %d are allowed: one name on each line", path, info.Size(), most)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--classes: %w", err)
	}
	names := strings.Split(strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
	return names, nil
}
