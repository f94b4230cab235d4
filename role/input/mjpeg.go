package input

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
)

// mjpeg is a stream of JPEG images one after another, which is what a camera's software writes: rpicam-vid --codec
// mjpeg -o -. It ends with the stream; an image that the end cuts off is dropped.
type mjpeg struct {
	picture
	io.Closer
	in *bufio.Reader
}

// maxImage bounds the bytes of one image of a stream.
const maxImage = 16 << 20

func openMJPEG(o Options, path string) (*mjpeg, error) {
	from := io.NopCloser(o.Stdin)
	if path != Stdin {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--input mjpeg: %w", err)
		}
		from = file
	}
	return &mjpeg{picture{Preprocess: o.Preprocess}, from, bufio.NewReaderSize(from, 64<<10)}, nil
}

func (m *mjpeg) Count() int { return 0 }

func (m *mjpeg) Next(i uint64) ([]float32, error) {
	data, err := m.decode()
	if errors.Is(err, io.EOF) {
		return nil, errors.Join(io.EOF, m.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("--input mjpeg: image %d: it is no JPEG image that can be read: %w", i, err)
	}
	return data, nil
}

// decode reads one image. The decoder finds its end, as a camera's image may hold a thumbnail, which is a whole image, too.
func (m *mjpeg) decode() ([]float32, error) {
	for { // whatever is between images is skipped
		start, err := m.in.Peek(2)
		if err != nil {
			return nil, err
		}
		if string(start) == "\xff\xd8" { // SOI: ITU-T T.81, table B.1
			break
		}
		_, _ = m.in.Discard(1) // of those two
	}
	s := &sip{from: m.in, left: maxImage}
	data, err := m.read(s)
	if err != nil {
		err = cmp.Or(s.failed, err) // the decoder does not pass on every error of reading
	}
	return data, err
}

// sip reads a byte at a time, so that no buffer takes in the beginning of the next image.
type sip struct {
	from   io.Reader
	left   int
	failed error
}

func (s *sip) Read(b []byte) (n int, err error) {
	if s.left == 0 {
		s.failed = fmt.Errorf("it has more than %d bytes", maxImage)
		return 0, s.failed
	}
	s.left--
	n, s.failed = s.from.Read(b[:min(1, len(b))])
	return n, s.failed
}
