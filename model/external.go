package model

import (
	"fmt"
	"io"
	"os"
	"slices"

	"tandem/model/internal/onnx"
)

// siblings are the files beside an ONNX file that hold weights: PyTorch writes
// net.onnx.data beside net.onnx.
type siblings struct {
	folder string                                            // where they are; "": there are none
	open   func(location string) (io.ReaderAt, int64, error) // in place of a folder
	files  []io.Closer
	names  []string // of those that are part of the content, in this order
}

const maxSiblings = 1000 // files that are open at a time

// attach gives every external tensor its numbers, and puts the files that they are
// in behind the ONNX file.
func (s *siblings) attach(m *onnx.Model, c *content) error {
	external := m.External()
	if len(external) == 0 {
		return nil
	}
	open := s.open
	if open == nil {
		var err error
		root := (*os.Root)(nil)
		if s.folder != "" {
			if root, err = os.OpenRoot(s.folder); err != nil {
				return err
			}
			defer root.Close()
		}
		open = func(location string) (io.ReaderAt, int64, error) { return s.beside(root, location) }
	}
	s.names = locations(external)
	if len(s.names) > maxSiblings {
		return fmt.Errorf("%w: weights in more than %d files", ErrUnsupported, maxSiblings)
	}
	at := map[string]*io.SectionReader{}
	for _, location := range s.names {
		r, size, err := open(location)
		if err != nil {
			i := slices.IndexFunc(external, func(t *onnx.Tensor) bool { return t.External.Location == location })
			return fmt.Errorf("the weights %.80q are in the file %.80q: %w; put it beside the ONNX file, or export with external_data=False",
				external[i].Name, location, err)
		}
		at[location] = c.add(r, size)
	}
	for _, t := range external {
		file := at[t.External.Location]
		if err := t.Attach(file, file.Size()); err != nil {
			return err
		}
	}
	return nil
}

// locations are the files that tensors are in, in the order of their names.
func locations(external []*onnx.Tensor) (names []string) {
	for _, t := range external {
		names = append(names, t.External.Location)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// beside opens a file in the folder of the ONNX file. It can't be anywhere else,
// whatever name the ONNX file gives: os.Root follows neither ".." nor links out of
// the folder.
func (s *siblings) beside(root *os.Root, location string) (io.ReaderAt, int64, error) {
	if root == nil {
		return nil, 0, os.ErrNotExist
	}
	info, err := root.Stat(location) // before it is opened: a pipe would wait for its writer
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%w: it is not a regular file", ErrMalformed)
	}
	file, err := root.Open(location)
	if err != nil {
		return nil, 0, err
	}
	s.files = append(s.files, file)
	return file, info.Size(), nil
}

func (s *siblings) close() {
	for _, f := range s.files {
		f.Close()
	}
}
