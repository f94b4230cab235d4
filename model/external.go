package model

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"tandem/model/internal/onnx"
)

// siblings are the files beside an ONNX file that hold weights: PyTorch writes
// net.onnx.data beside net.onnx. They can't be anywhere else, whatever name the
// ONNX file gives: os.Root follows neither ".." nor links out of the folder.
type siblings struct {
	folder string // "": there are none
	files  []sibling
}

type sibling struct {
	location string
	file     *os.File
	size     int64
}

const maxSiblings = 1000 // files that are open at a time

// attach gives every external tensor its numbers.
func (s *siblings) attach(m *onnx.Model) error {
	external := m.External()
	if len(external) == 0 {
		return nil
	}
	var root *os.Root
	if s.folder != "" {
		var err error
		if root, err = os.OpenRoot(s.folder); err != nil {
			return err
		}
		defer root.Close()
	}
	for _, t := range external {
		file, err := s.open(root, t.External.Location)
		if err != nil {
			return fmt.Errorf("the weights %.80q are in the file %.80q: %w; put it beside the ONNX file, or export with external_data=False",
				t.Name, t.External.Location, err)
		}
		if err := t.Attach(file.file, file.size); err != nil {
			return err
		}
	}
	return nil
}

func (s *siblings) open(root *os.Root, location string) (sibling, error) {
	i, found := slices.BinarySearchFunc(s.files, location, func(f sibling, l string) int { return strings.Compare(f.location, l) })
	if found {
		return s.files[i], nil
	}
	if root == nil {
		return sibling{}, os.ErrNotExist
	}
	if len(s.files) == maxSiblings {
		return sibling{}, fmt.Errorf("%w: weights in more than %d files", ErrUnsupported, maxSiblings)
	}
	info, err := root.Stat(location) // before it is opened: a pipe would wait for its writer
	if err != nil {
		return sibling{}, err
	}
	if !info.Mode().IsRegular() {
		return sibling{}, fmt.Errorf("%w: it is not a regular file", ErrMalformed)
	}
	file, err := root.Open(location)
	if err != nil {
		return sibling{}, err
	}
	f := sibling{location, file, info.Size()}
	s.files = slices.Insert(s.files, i, f)
	return f, nil
}

func (s *siblings) size() (sum int64) {
	for _, f := range s.files {
		sum += f.size
	}
	return sum
}

// digest adds the files to a hash, in the order of their names.
func (s *siblings) digest(hash io.Writer) error {
	for _, f := range s.files {
		fmt.Fprintf(hash, "%q %d\n", f.location, f.size)
		if _, err := io.Copy(hash, io.NewSectionReader(f.file, 0, f.size)); err != nil {
			return err
		}
	}
	return nil
}

func (s *siblings) close() {
	for _, f := range s.files {
		f.file.Close()
	}
}
