package device

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryIsTheLeastLimit(t *testing.T) {
	if m := Memory(); m < 64<<20 {
		t.Errorf("this machine has %d bytes of memory", m)
	}
	root := t.TempDir()
	limit := func(group, text string) {
		if err := os.MkdirAll(filepath.Join(root, group), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, group, "memory.max"), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	limit("system.slice", "500")
	limit("system.slice/tandem.service", "max")
	limit("small", "100")
	for own, want := range map[string]uint64{
		"":                                  1000,
		"4:memory:/small\n0::/\n":           1000,
		"0::/system.slice/tandem.service\n": 500,
		"0::/small/deeper\n":                100,
	} {
		if got := limited(1000, root, own); got != want {
			t.Errorf("%q: %d bytes, want %d", own, got, want)
		}
	}
}
