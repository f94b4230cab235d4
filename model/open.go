package model

import (
	"crypto/sha256"
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
	n.files = append(n.files, f)
	for _, s := range side.files {
		n.files = append(n.files, s.file)
	}
	return n, nil
}

// read makes a network of the size bytes of r, which is read again when layers
// are loaded, and of the files beside it.
func read(name string, r io.ReaderAt, size int64, side *siblings, s Settings) (*Network, error) {
	if err := notForeign(r); err != nil {
		return nil, err
	}
	m, err := onnx.Parse(r, size)
	if errors.Is(err, ErrMalformed) && isText(r) {
		return nil, fmt.Errorf("no ONNX file: %w: it is a text file: name the network's own file, net.onnx", ErrUnsupported)
	}
	if err == nil {
		err = side.attach(m)
	}
	if errors.Is(err, ErrMalformed) { // the file is damaged, not what it describes
		err = fmt.Errorf("%w; copy or export it again", err)
	}
	if err != nil {
		return nil, err
	}
	n, err := build(name, m, size+side.size(), s)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	if err := side.digest(hash); err != nil {
		return nil, err
	}
	s.digest(hash)
	n.digest = fmt.Sprintf("sha256:%x", hash.Sum(nil))
	return n, nil
}
