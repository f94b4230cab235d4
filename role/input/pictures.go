package input

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// images are files of pictures: one, or those of a folder in the order of their names, again from the first after the
// last.
type images struct {
	picture
	paths   []string
	damaged map[string]error
}

// extensions are those of files that can be read.
var extensions = []string{".png", ".jpg", ".jpeg", ".webp"}

// otherExtensions are those of pictures that can't be.
var otherExtensions = []string{".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".tif", ".tiff"}

func isImage(path string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(path)))
}

func openImages(o Options, path string) (*images, error) {
	m := &images{newPicture(o), []string{path}, make(map[string]error)}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return m, nil
	}
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("--input: %w", err)
	}
	m.paths = nil
	var left []string
	for _, e := range entries {
		switch kind := strings.ToLower(filepath.Ext(e.Name())); {
		case e.IsDir():
		case isImage(kind):
			m.paths = append(m.paths, filepath.Join(path, e.Name()))
		case slices.Contains(otherExtensions, kind):
			left = append(left, e.Name())
		}
	}
	if len(m.paths) == 0 {
		return nil, fmt.Errorf("--input %s: the folder has no %s files", path, strings.Join(extensions, ", "))
	}
	if len(left) > 0 {
		o.passed.note(fmt.Sprintf("--input %s: %d pictures are left out, the first %s: %s can be read", path, len(left), left[0], strings.Join(extensions, ", ")))
	}
	return m, nil
}

func (m *images) Count() int { return len(m.paths) }

// Next passes over a damaged file. Where all of them are, that is an error.
func (m *images) Next(i uint64) ([]float32, error) {
	path := m.paths[i%uint64(len(m.paths))]
	if m.damaged[path] != nil {
		return nil, errSeen
	}
	data, err := m.open(path)
	if err == nil {
		return data, nil
	}
	err = fmt.Errorf("--input %s: %w", path, err)
	if m.damaged[path] = err; len(m.damaged) == len(m.paths) {
		if len(m.paths) > 1 {
			err = fmt.Errorf("none of the %d pictures can be read: %w", len(m.paths), err)
		}
		return nil, err
	}
	return nil, damage{err}
}

// maxFile bounds the bytes of a picture's file.
const maxFile = 256 << 20

func (m *images) open(path string) ([]float32, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("it has %d bytes, and at most %d are allowed", info.Size(), maxFile)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	data, err := m.decode(file)
	if err != nil {
		err = fmt.Errorf("it is no picture that can be read: %w", err)
	}
	return data, err
}

// damage is the error of a picture that is passed over, and counted.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

// errSeen is one that has been counted before.
var errSeen = errors.New("damaged, as before")
