//go:build slow

package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a folder on a disk of 512 KiB, of which 256 KiB are taken by a file.
func smallDisk(t *testing.T) (dir, ballast string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("this needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast = filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 256<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, ballast
}

// A card that becomes full, and has room again later, costs the answers between, which are counted, and no line or row is left in
// part.
func TestDiskBecomesFull(t *testing.T) {
	const n = 3000 // of each half, more than there is room for
	for _, name := range []string{"x.jsonl", "x.npy", "x.npz"} {
		dir, ballast := smallDisk(t)
		s, _, err := openFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		id, lost := uint64(0), int64(0)
		feed := func(n int) {
			for range n {
				put(t, s, &Answer{Run: "r", ID: id, Outputs: []Output{{Name: "y", Type: "float32", Shape: []int{50}, Values: make(Numbers, 50)}}})
				id++
			}
		}
		feed(n)
		more, err := s.Flush(t.Context())
		if lost += more; !errors.Is(err, syscall.ENOSPC) || more == 0 {
			t.Errorf("%s: %d are lost: %v", name, more, err)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		feed(100)
		more, err = s.Flush(t.Context())
		if lost += more; name != "x.npz" && (more > 0 || err != nil) { // which needs the room twice
			t.Errorf("%s: where there is room again %d are lost: %v", name, more, err)
		}
		written := int64(0)
		switch table := s.(type) {
		case *jsonl:
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(text) {
				var a Answer
				if err := json.Unmarshal(line, &a); err != nil {
					t.Fatalf("%s: %s: %v", name, line, err)
				}
				written++
			}
		case *array:
			written = table.rows
		case *npz:
			written = table.rows
		}
		if written == 0 || written+lost != int64(id) {
			t.Errorf("%s: of %d answers %d are written, and %d are said to be lost", name, id, written, lost)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("%s: of %d answers %d are written, %d lost", name, id, written, lost)
		if entries := folder(t, filepath.Join(dir, name)); strings.Contains(entries, ".part") {
			t.Errorf("left is %s", entries)
		}
	}
}
