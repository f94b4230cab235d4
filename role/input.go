package role

import (
	"bufio"
	"context"
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
)

// source is where the client's frames come from.
type source interface {
	// fit prepares for frames of a shape, or says why the input can't have it.
	fit(shape []int) error
	// count is the number of different frames; 0: not known.
	count() int
	// next returns the data of frame i. It is called once for each frame, in order; io.EOF ends the run.
	next(i uint64) ([]float32, error)
}

// openSource opens what --input names, so that a wrong name is found before anything else happens.
func openSource(cfg Config) (source, error) {
	if cfg.Input == "" {
		return &randomVector{seed: cfg.Seed}, nil
	}
	if cfg.Input == "-" {
		return &rawStream{in: bufio.NewReaderSize(cfg.Stdin, 64<<10)}, nil
	}
	if path, ok := strings.CutPrefix(cfg.Input, "mjpeg:"); ok {
		return openMJPEG(cfg, path)
	}
	info, err := os.Stat(cfg.Input)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--input: %w", err)
	case info.IsDir(), isImage(cfg.Input):
		return openImages(cfg)
	case strings.EqualFold(filepath.Ext(cfg.Input), ".npy"):
		return openRows(cfg.Input)
	}
	return nil, fmt.Errorf("--input %s: a .npy file, a PNG or JPEG image, a folder of them, mjpeg:- for a camera's stream, or - for raw float32 on stdin is allowed", cfg.Input)
}

// randomVector is the original's input: one vector, uniform in [-1, 1), for every frame.
type randomVector struct {
	seed uint64
	data []float32
}

func (v *randomVector) fit(shape []int) error {
	random := rand.New(rand.NewPCG(v.seed, math.MaxUint64)) // a stream that no layer's weights use
	v.data = make([]float32, size(shape))
	for i := range v.data {
		v.data[i] = 2*random.Float32() - 1
	}
	return nil
}

func (v *randomVector) count() int                     { return 1 }
func (v *randomVector) next(uint64) ([]float32, error) { return v.data, nil }

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
	r.data, r.shape, err = readFloats(path)
	if err != nil {
		return nil, fmt.Errorf("--input %s: %w", path, err)
	}
	if i := slices.IndexFunc(r.data, notFinite); i >= 0 {
		return nil, fmt.Errorf("--input %s: value %d of row %d is %v: only finite values are allowed, so mend or leave out the row",
			path, i%(len(r.data)/r.shape[0]), i/(len(r.data)/r.shape[0]), r.data[i])
	}
	return r, nil
}

func (r *rows) fit(shape []int) error {
	r.size = size(shape)
	if len(r.shape) < 2 || size(r.shape[1:]) != r.size {
		return fmt.Errorf("--input %s: its shape is %v, and the model takes frames of shape %v: it must be [frames %d]",
			r.path, r.shape, shape, r.size)
	}
	return nil
}

func (r *rows) count() int { return r.shape[0] }

func (r *rows) next(i uint64) ([]float32, error) {
	at := int(i%uint64(r.shape[0])) * r.size
	return r.data[at : at+r.size], nil
}

// rawStream is little-endian float32 values on stdin, frame after frame.
type rawStream struct {
	in   io.Reader
	size int
	raw  []byte
}

func (r *rawStream) fit(shape []int) error {
	r.size = size(shape)
	r.raw = make([]byte, 4*r.size)
	return nil
}

func (r *rawStream) count() int { return 0 }

func (r *rawStream) next(i uint64) ([]float32, error) {
	n, err := io.ReadFull(r.in, r.raw)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("--input -: it ends within frame %d, after %d of %d bytes", i, n, len(r.raw))
	}
	if err != nil {
		return nil, err
	}
	data := make([]float32, r.size)
	for k := range data {
		data[k] = math.Float32frombits(binary.LittleEndian.Uint32(r.raw[4*k:]))
	}
	return data, nil
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// openLabels reads what --labels names, for that input.
func openLabels(cfg Config, input source) ([]int, error) {
	if cfg.Labels == "" {
		return nil, nil
	}
	labels, err := readLabels(cfg.Labels)
	if err == nil && input.count() > 0 && input.count() != len(labels) {
		err = fmt.Errorf("--labels %s: it has %d labels for %d frames of input: give one for each", cfg.Labels, len(labels), input.count())
	}
	return labels, err
}

// readLabels reads the true classes, one for each row of the input.
func readLabels(path string) ([]int, error) {
	labels, err := readIntegers(path)
	if err != nil {
		return nil, fmt.Errorf("--labels %s: %w", path, err)
	}
	if len(labels) == 0 {
		return nil, fmt.Errorf("--labels %s: it has no labels", path)
	}
	for i, l := range labels {
		if l < 0 || l > math.MaxInt16 {
			return nil, fmt.Errorf("--labels %s: label %d is %d: a class index of 0 to %d is allowed", path, i, l, math.MaxInt16)
		}
	}
	return labels, nil
}

// feed reads a source ahead, so that the beat waits neither for a decoder nor for a slow stdin. Its goroutine ends with
// the source or with stop; only one that waits for stdin can't be stopped, and is left to the end of the process.
type feed struct {
	labels []int
	items  chan feedItem
	stop   context.CancelFunc
}

type feedItem struct {
	data []float32
	err  error
}

// readAhead is how many frames are decoded before their time.
const readAhead = 4

func startFeed(s source, labels []int, frames uint64) *feed {
	ctx, stop := context.WithCancel(context.Background())
	f := &feed{labels: labels, items: make(chan feedItem, readAhead), stop: stop}
	go func() {
		defer close(f.items)
		for i := uint64(0); frames == 0 || i < frames; i++ {
			data, err := s.next(i)
			if err == nil {
				err = finite(i, data)
			}
			select {
			case f.items <- feedItem{data, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return f
}

// next returns the data and label of frame i, or io.EOF.
func (f *feed) next(ctx context.Context, i uint64) ([]float32, int, error) {
	label := pipeline.NoLabel
	if len(f.labels) > 0 {
		label = f.labels[i%uint64(len(f.labels))]
	}
	select {
	case item, open := <-f.items:
		if !open {
			return nil, 0, io.EOF
		}
		return item.data, label, item.err
	case <-ctx.Done():
		return nil, 0, io.EOF
	}
}

// finite refuses NaN and infinity at the edge.
func finite(i uint64, data []float32) error {
	if k := slices.IndexFunc(data, notFinite); k >= 0 {
		return fmt.Errorf("--input: value %d of frame %d is %v: only finite values are allowed", k, i, data[k])
	}
	return nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }
