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

// findings are what is known of layers on this device, by their shapes: what this
// process measured, and what earlier ones left in a file. The file spares time
// and no more: one that is missing, broken, of another device or not to be
// written means that it is measured again.
type findings[T any] struct {
	device   string
	path     string // "": there is no file
	once     sync.Once
	measured atomic.Int64 // how often this process measured

	mu    sync.Mutex
	fresh map[string]finding[T] // by shape, measured by this process
	left  map[string]finding[T] // by earlier ones
	saved bool                  // nothing came since
}

// finding is what was measured of one shape.
type finding[T any] struct {
	Found T         `json:"found"`
	Until time.Time `json:"until,omitzero"` // zero: for good
}

// deviceFindings are all that is known of a device.
type deviceFindings struct {
	sharing *findings[gain]          // for which layers are the threads worth their while?
	times   *findings[time.Duration] // what does a layer take, in the whole of a network?
}

// thisDevice gives what all executors and networks of the process share.
var thisDevice = sync.OnceValue(func() deviceFindings {
	folder, device := cacheFolder(), deviceName()
	return deviceFindings{newFindings[gain]("sharing", folder, device), newFindings[time.Duration]("times", folder, device)}
})

const (
	busyDay   = 24 * time.Hour // for which a finding holds that was made on a busy machine
	maxShapes = 4096           // in a file
	maxFile   = 4 << 20        // bytes
)

// newFindings are those of one kind on a device, with their file in a folder; "":
// without.
func newFindings[T any](kind, folder, device string) *findings[T] {
	f := &findings[T]{device: device, fresh: map[string]finding[T]{}, saved: true}
	if folder != "" { // devices may share a home
		f.path = filepath.Join(folder, fmt.Sprintf("%s-%.4x.json", kind, sha256.Sum256([]byte(device))))
	}
	return f
}

// of is what is known of a shape.
func (f *findings[T]) of(shape string) (found T, ok bool) {
	f.once.Do(func() { f.left = f.load() })
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.fresh[shape]
	if !ok {
		known, ok = f.left[shape]
	}
	return known.Found, ok
}

func (f *findings[T]) remember(shape string, found finding[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fresh[shape], f.saved = found, false
}

// findingsFile is what the file holds.
type findingsFile[T any] struct {
	Device string                `json:"device"`
	Layers map[string]finding[T] `json:"layers"` // by shape
}

// load reads the file; nothing, when it is not sound.
func (f *findings[T]) load() map[string]finding[T] {
	file, err := os.Open(f.path)
	if err != nil {
		return nil
	}
	defer file.Close()
	var r findingsFile[T]
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil || json.Unmarshal(text, &r) != nil || r.Device != f.device {
		return nil
	}
	maps.DeleteFunc(r.Layers, func(_ string, found finding[T]) bool {
		return !found.Until.IsZero() && time.Now().After(found.Until)
	})
	return r.Layers
}

// save puts what was measured into the file, beside what other processes have
// put there. Where it is full, what they put there gives way.
func (f *findings[T]) save() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.saved || f.path == "" {
		return
	}
	f.saved = true // trying again would be no better
	r := findingsFile[T]{f.device, map[string]finding[T]{}}
	for _, from := range []map[string]finding[T]{f.fresh, f.load()} {
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
