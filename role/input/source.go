// Package input is where frames come from: arrays, pictures, cameras and stdin.
//
//	Source ──▶ Inputs ──▶ stream ──┐
//	one tensor  a frame   a source  ├──▶ Feed ──▶ the client's beat
//	                      stream ───┘  in turn
//
// source.go opens what is named; each kind of input has a file. README.md says what each takes.
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

	"tandem/pipeline"
	"tandem/transport"
)

// Options say where frames come from.
type Options struct {
	// .npy, .npz, an image or a folder of them, a camera, or "-"; of several inputs each has its name and = before it; none:
	// one random vector
	Paths      []string
	Sources    []string // name=path: streams of frames, in place of Paths
	Labels     string   // .npy of integers, one for each frame of the input; empty: none
	Seed       uint64   // of the random vector
	Preprocess Preprocess
	Fit        Fit    // of pictures; empty: what Preprocess has
	Newest     Newest // of a camera's pictures only the newest counts
	Strict     bool   // a damaged picture is an error
	Stdin      io.Reader
	Say        func(string) // what a user should know at once; nil: nobody wants to
	Skipped    func(n int)  // counts pictures that become no frames; nil: nobody does

	named  bool // the path has no name before it
	passed passed
	wake   func()
}

// Newest says whether only the newest picture of a camera counts.
type Newest string

// By default it does for cameras, and not for recordings.
const (
	Always Newest = "true"
	Never  Newest = "false"
)

// Source is where an input of the frames comes from.
type Source interface {
	// Fit prepares for what the network takes, or says why the source can't be that.
	Fit(want transport.Input) error
	// Count is the number of different frames; 0: not known.
	Count() int
	// Next returns its data in frame i. It is called once for each frame, in order; io.EOF ends the run.
	Next(i uint64) ([]float32, error)
}

// open opens one source. A new kind of input is one file, and one line here.
func open(o Options, path string) (Source, error) {
	if path == Stdin {
		return &rawStream{in: bufio.NewReaderSize(o.Stdin, 64<<10)}, nil
	}
	if isCamera(path) {
		return openCamera(o, path)
	}
	if _, member := splitMember(path); member != "" {
		return openRows(path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--input: %w", err)
	case info.IsDir(), isImage(path):
		return openImages(o, path)
	case isArchive(path):
		return &archive{path: path}, nil
	case strings.EqualFold(filepath.Ext(path), ".npy"):
		return openRows(path)
	}
	return nil, fmt.Errorf("--input %s: a .npy file or a .npz file, a PNG, JPEG or WebP image, a folder of them, http://…/stream.mjpg or mjpeg:- for a camera's stream, or - for raw float32 on stdin is allowed", path)
}

// Stdin is the path of raw values on stdin.
const Stdin = "-"

// places are the paths of all that is read, without names.
func (o Options) places() (paths []string) {
	for _, text := range o.Paths {
		_, path := split(text)
		paths = append(paths, path)
	}
	for _, text := range o.Sources {
		_, path, _ := ParseSource(text)
		paths = append(paths, path)
	}
	return paths
}

// Once reports whether the input can be read only once.
func (o Options) Once() bool {
	return slices.ContainsFunc(o.places(), func(path string) bool { return path == Stdin || isCamera(path) })
}

// Camera reports whether a camera is among the inputs.
func (o Options) Camera() bool { return slices.ContainsFunc(o.places(), isCamera) }

// Pictures reports whether pictures may be among the inputs: all that is neither an array nor raw values.
func (o Options) Pictures() bool {
	return slices.ContainsFunc(o.places(), func(path string) bool {
		_, member := splitMember(path)
		return path != Stdin && member == "" && !isArchive(path) && !strings.EqualFold(filepath.Ext(path), ".npy")
	})
}

// Contested reports whether several read stdin, which is for one.
func (o Options) Contested() bool {
	readers := 0
	for _, path := range o.places() {
		if strings.TrimPrefix(path, "mjpeg:") == Stdin {
			readers++
		}
	}
	return readers > 1
}

// randomVector is the original's input: one vector, uniform in [-1, 1), for every frame; of integers, 0 and 1.
type randomVector struct {
	seed uint64
	data []float32
}

func (v *randomVector) Fit(want transport.Input) error {
	random := rand.New(rand.NewPCG(v.seed, math.MaxUint64)) // a stream that no layer's weights use
	v.data = make([]float32, pipeline.Volume(want.Shape))
	for i := range v.data {
		v.data[i] = 2*random.Float32() - 1
		if want.Integer() {
			v.data[i] = float32(math.Ceil(float64(v.data[i])))
		}
	}
	return nil
}

func (v *randomVector) Count() int                     { return 1 }
func (v *randomVector) Next(uint64) ([]float32, error) { return v.data, nil }

// rawStream is little-endian float32 values on stdin, frame after frame.
type rawStream struct {
	in  io.Reader
	raw []byte // of a frame
}

func (r *rawStream) Fit(want transport.Input) error {
	r.raw = make([]byte, 4*pipeline.Volume(want.Shape))
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
