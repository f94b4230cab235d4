package model

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem/model/internal/f32"
)

// findings are what is known of the layers' threads on this device: what this
// process measured, and what earlier ones left in a file. The file spares time
// and no more: one that is missing, broken, of another device or not to be
// written means that it is measured again.
type findings struct {
	device   string
	path     string // "": there is no file
	once     sync.Once
	measured atomic.Int64 // how often this process measured

	mu    sync.Mutex
	fresh map[string]finding // by shape, measured by this process
	left  map[string]finding // by earlier ones
	saved bool               // nothing came since
}

// finding is what was measured of one shape.
type finding struct {
	gain
	Until time.Time `json:"until,omitzero"` // zero: for good
}

// thisDevice gives the findings that all executors of the process share.
var thisDevice = sync.OnceValue(func() *findings { return newFindings(cacheFolder(), deviceName()) })

const (
	busyDay   = 24 * time.Hour // for which a finding holds that was made on a busy machine
	maxShapes = 4096           // in a file
	maxFile   = 4 << 20        // bytes
)

// newFindings are those of a device, with their file in a folder; "": without.
func newFindings(folder, device string) *findings {
	f := &findings{device: device, fresh: map[string]finding{}, saved: true}
	if folder != "" { // devices may share a home
		f.path = filepath.Join(folder, fmt.Sprintf("threads-%.4x.json", sha256.Sum256([]byte(device))))
	}
	return f
}

// gain is what is known of a shape.
func (f *findings) gain(shape string) (g gain, ok bool) {
	f.once.Do(func() { f.left = f.load() })
	f.mu.Lock()
	defer f.mu.Unlock()
	found, ok := f.fresh[shape]
	if !ok {
		found, ok = f.left[shape]
	}
	return found.gain, ok
}

func (f *findings) remember(shape string, found finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fresh[shape], f.saved = found, false
}

// findingsFile is what the file holds.
type findingsFile struct {
	Device string             `json:"device"`
	Layers map[string]finding `json:"layers"` // by shape
}

// load reads the file; nothing, when it is not sound.
func (f *findings) load() map[string]finding {
	file, err := os.Open(f.path)
	if err != nil {
		return nil
	}
	defer file.Close()
	var r findingsFile
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil || json.Unmarshal(text, &r) != nil || r.Device != f.device {
		return nil
	}
	maps.DeleteFunc(r.Layers, func(_ string, found finding) bool {
		return !found.Until.IsZero() && time.Now().After(found.Until)
	})
	return r.Layers
}

// save puts what was measured into the file, beside what other processes have
// put there. Where it is full, what they put there gives way.
func (f *findings) save() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.saved || f.path == "" {
		return
	}
	f.saved = true // trying again would be no better
	r := findingsFile{f.device, map[string]finding{}}
	for _, from := range []map[string]finding{f.fresh, f.load()} {
		for _, shape := range slices.Sorted(maps.Keys(from)) {
			if _, is := r.Layers[shape]; !is && len(r.Layers) < maxShapes {
				r.Layers[shape] = from[shape]
			}
		}
	}
	if text, err := json.MarshalIndent(r, "", " "); err == nil && len(text) < maxFile {
		_ = replace(f.path, text)
	}
}

// replace puts a file in the place of another: whoever reads at this moment gets
// one or the other whole.
func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // where it did not get its name
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// cacheFolder is where the user's programs keep what they can do without; "":
// there is no such place.
func cacheFolder() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "tandem")
}

// deviceName tells processors apart that differ in speed.
func deviceName() string {
	parts := []string{runtime.GOARCH, f32.ISA(), fmt.Sprint(runtime.NumCPU(), " cores")}
	text, _ := os.ReadFile("/proc/cpuinfo") // Linux alone has it
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name, value = strings.TrimSpace(name), strings.TrimSpace(value); name {
		case "model name", "Model", "CPU part": // of a PC; of a Pi and of its cores
			if part := cmp.Or(value, name); !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
	}
	return strings.Join(parts, ", ")
}
