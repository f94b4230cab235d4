package model

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

var (
	// ErrMalformed is in the chain of errors about a file that breaks the ONNX
	// format.
	ErrMalformed = op.ErrMalformed

	// ErrUnsupported is in the chain of errors about a network that is sound but
	// has operators or a form that this package does not compute.
	ErrUnsupported = op.ErrUnsupported
)

// OpenOrDefault opens the file, or makes the default network where no path is given.
func OpenOrDefault(path string, s Settings, seed uint64) (*Network, error) {
	if path == "" {
		return Default(seed), nil
	}
	return OpenWith(path, s)
}

// Open is OpenWith for a file that leaves nothing open.
func Open(path string) (*Network, error) { return OpenWith(path, Settings{}) }

// OpenWith reads the description of the network in an ONNX file, and its content
// once for the digest. The weights stay in the file, and in those beside it that
// it names; they remain open until Close.
func OpenWith(path string, s Settings) (*Network, error) {
	// Asked before opening, because opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open network: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open network %s: not a regular file; an ONNX file is wanted", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open network: %w", err)
	}
	side := &siblings{folder: filepath.Dir(path)}
	n, err := read(filepath.Base(path), f, info.Size(), side, s)
	if err != nil {
		f.Close()
		side.close()
		return nil, fmt.Errorf("open network %s: %w", path, err)
	}
	n.files = append(side.files, f)
	return n, nil
}

// OpenSupplied opens the network that a manifest describes, under a name, from the
// files that r has one behind the other. They need not all be there: what r can't
// read is asked for when it is needed. Of the settings, shapes come from the
// manifest.
func OpenSupplied(name string, m Manifest, r io.ReaderAt, s Settings) (*Network, error) {
	s.Shapes = nil
	for _, text := range m.Shapes {
		shape, err := ParseShape(text)
		if err != nil {
			return nil, fmt.Errorf("open network %s: %w: shape %.80q: %w", name, ErrMalformed, text, err)
		}
		s.Shapes = append(s.Shapes, shape)
	}
	main := io.NewSectionReader(r, 0, m.Files[0].Size)
	at := m.Files[0].Size
	side := &siblings{open: func(string) (io.ReaderAt, int64, error) { return nil, 0, os.ErrNotExist }}
	if len(m.Files) > 1 {
		next := m.Files[1:]
		side.open = func(location string) (io.ReaderAt, int64, error) { // called in the order of the names
			if len(next) == 0 || next[0].Location != location {
				return nil, 0, os.ErrNotExist
			}
			section := io.NewSectionReader(r, at, next[0].Size)
			at, next = at+next[0].Size, next[1:]
			return section, section.Size(), nil
		}
	}
	n, err := parse(name, main, main.Size(), side, s)
	if err != nil {
		return nil, fmt.Errorf("open network %s: %w", name, err)
	}
	n.manifest, n.digest = m, m.Digest()
	return n, nil
}

// read makes a network of the size bytes of r, which is read again when layers
// are loaded, and of the files beside it; all are read once for the digest.
func read(name string, r io.ReaderAt, size int64, side *siblings, s Settings) (*Network, error) {
	n, err := parse(name, r, size, side, s)
	if err != nil {
		return nil, err
	}
	if n.manifest, err = manifestOf(n.content, side.names, s); err != nil {
		return nil, err
	}
	n.digest = n.manifest.Digest()
	return n, nil
}

// parse reads the description of a network, and the constants that it needs for
// that.
func parse(name string, r io.ReaderAt, size int64, side *siblings, s Settings) (*Network, error) {
	if err := notForeign(r); err != nil {
		return nil, err
	}
	c := &content{seen: map[int]bool{}}
	m, err := onnx.Parse(c.add(r, size), size)
	if errors.Is(err, ErrMalformed) && isText(r) {
		return nil, fmt.Errorf("no ONNX file: %w: it is a text file: name the network's own file, net.onnx", ErrUnsupported)
	}
	if err == nil {
		err = side.attach(m, c)
	}
	if errors.Is(err, ErrMalformed) { // the file is damaged, not what it describes
		err = fmt.Errorf("%w; copy or export it again", err)
	}
	if err != nil {
		return nil, err
	}
	n, err := build(name, m, c.size, s)
	if err != nil {
		return nil, err
	}
	n.content, n.opening, c.seen = c, sorted(c.seen), nil
	return n, nil
}
