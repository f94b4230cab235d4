package input

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// images are PNG and JPEG files: one, or those of a folder in the order of their names, again from the first after the
// last.
type images struct {
	picture
	paths []string
}

// isImage says whether a file's name is that of an image which can be read.
func isImage(path string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg"}, strings.ToLower(filepath.Ext(path)))
}

func openImages(o Options, path string) (*images, error) {
	m := &images{picture: picture{Preprocess: o.Preprocess}, paths: []string{path}}
	if isImage(path) {
		return m, nil
	}
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("--input: %w", err)
	}
	m.paths = nil
	for _, e := range entries {
		if isImage(e.Name()) {
			m.paths = append(m.paths, filepath.Join(path, e.Name()))
		}
	}
	if len(m.paths) == 0 {
		return nil, fmt.Errorf("--input %s: the folder has no .png, .jpg or .jpeg files", path)
	}
	return m, nil
}

func (m *images) Count() int { return len(m.paths) }

func (m *images) Next(i uint64) ([]float32, error) {
	path := m.paths[i%uint64(len(m.paths))]
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--input: %w", err)
	}
	defer file.Close() // it was only read
	data, err := m.read(file)
	if err != nil {
		return nil, fmt.Errorf("--input %s: %w", path, err)
	}
	return data, nil
}
