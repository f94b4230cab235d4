// Package input is where frames come from: arrays, pictures, cameras and stdin.
//
//	Source ──▶ Feed (decoded ahead of their time) ──▶ the client's beat
//
// source.go opens what is named; each kind of input has a file.
package input

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options say where frames come from.
type Options struct {
	Path       string // .npy, an image or a folder of them, "mjpeg:-", or "-"; empty: one random vector
	Labels     string // .npy of integers, one for each frame of the input; empty: none
	Seed       uint64 // of the random vector
	Preprocess Preprocess
	Stdin      io.Reader
}

// Source is where a client's frames come from.
type Source interface {
	// Fit prepares for frames of a shape, or says why the input can't have it.
	Fit(shape []int) error
	// Count is the number of different frames; 0: not known.
	Count() int
	// Next returns the data of frame i. It is called once for each frame, in order; io.EOF ends the run.
	Next(i uint64) ([]float32, error)
}

// Open opens what --input names, so that a wrong name is found before anything else happens. A new kind of input is one
// file, and one line here.
func Open(o Options) (Source, error) {
	if o.Path == "" {
		return &randomVector{seed: o.Seed}, nil
	}
	if o.Path == Stdin {
		return &rawStream{in: bufio.NewReaderSize(o.Stdin, 64<<10)}, nil
	}
	if path, ok := strings.CutPrefix(o.Path, "mjpeg:"); ok {
		return openMJPEG(o, path)
	}
	info, err := os.Stat(o.Path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--input: %w", err)
	case info.IsDir(), isImage(o.Path):
		return openImages(o)
	case strings.EqualFold(filepath.Ext(o.Path), ".npy"):
		return openRows(o.Path)
	}
	return nil, fmt.Errorf("--input %s: a .npy file, a PNG or JPEG image, a folder of them, mjpeg:- for a camera's stream, or - for raw float32 on stdin is allowed", o.Path)
}

// Stdin is the path of raw values on stdin.
const Stdin = "-"

// Once reports whether the input can be read only once.
func (o Options) Once() bool { return o.Path == Stdin || o.Path == "mjpeg:"+Stdin }

// randomVector is the original's input: one vector, uniform in [-1, 1), for every frame.
type randomVector struct {
	seed uint64
	data []float32
}

func (v *randomVector) Fit(shape []int) error {
	random := rand.New(rand.NewPCG(v.seed, math.MaxUint64)) // a stream that no layer's weights use
	v.data = make([]float32, size(shape))
	for i := range v.data {
		v.data[i] = 2*random.Float32() - 1
	}
	return nil
}

func (v *randomVector) Count() int                     { return 1 }
func (v *randomVector) Next(uint64) ([]float32, error) { return v.data, nil }

// rows are the rows of a .npy file, again from the first after the last.
type rows struct {
	path  string
	shape []int // of the file; the first dimension is the rows
	data  []float32
	size  int // of a row
}

func openRows(path string) (*rows, error) {
	r := &rows{path: path}
	var err error
	r.data, r.shape, err = ReadFloats(path)
	if err != nil {
		return nil, fmt.Errorf("--input %s: %w", path, err)
	}
	if i := slices.IndexFunc(r.data, notFinite); i >= 0 {
		return nil, fmt.Errorf("--input %s: value %d of row %d is %v: only finite values are allowed, so mend or leave out the row",
			path, i%(len(r.data)/r.shape[0]), i/(len(r.data)/r.shape[0]), r.data[i])
	}
	return r, nil
}

func (r *rows) Fit(shape []int) error {
	r.size = size(shape)
	if len(r.shape) < 2 || size(r.shape[1:]) != r.size {
		return fmt.Errorf("--input %s: its shape is %v, and the model takes frames of shape %v: it must be [frames %d]",
			r.path, r.shape, shape, r.size)
	}
	return nil
}

func (r *rows) Count() int { return r.shape[0] }

func (r *rows) Next(i uint64) ([]float32, error) {
	at := int(i%uint64(r.shape[0])) * r.size
	return r.data[at : at+r.size], nil
}

// rawStream is little-endian float32 values on stdin, frame after frame.
type rawStream struct {
	in  io.Reader
	raw []byte // of a frame
}

func (r *rawStream) Fit(shape []int) error {
	r.raw = make([]byte, 4*size(shape))
	return nil
}

func (r *rawStream) Count() int { return 0 }

func (r *rawStream) Next(i uint64) ([]float32, error) {
	n, err := io.ReadFull(r.in, r.raw)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("--input -: it ends within frame %d, after %d of %d bytes", i, n, len(r.raw))
	}
	if err != nil {
		return nil, err
	}
	data := make([]float32, len(r.raw)/4)
	_, err = binary.Decode(r.raw, binary.LittleEndian, data)
	return data, err
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
