package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// mjpeg is a stream of JPEG images one after another, which is what a camera's software writes: rpicam-vid --codec
// mjpeg -o -. It ends with the stream.
type mjpeg struct {
	picture
	in    *bufio.Reader
	close func() error
	image bytes.Buffer // the last one
}

// maxImage bounds the bytes of one image of a stream.
const maxImage = 16 << 20

func openMJPEG(o Options, path string) (*mjpeg, error) {
	m := &mjpeg{picture: picture{Preprocess: o.Preprocess}, close: func() error { return nil }}
	if path == "-" {
		m.in = bufio.NewReaderSize(o.Stdin, 64<<10)
		return m, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--input mjpeg: %w", err)
	}
	m.in, m.close = bufio.NewReaderSize(file, 64<<10), file.Close
	return m, nil
}

func (m *mjpeg) Count() int { return 0 }

func (m *mjpeg) Next(i uint64) ([]float32, error) {
	err := m.cut()
	if errors.Is(err, io.EOF) {
		return nil, errors.Join(io.EOF, m.close())
	}
	if err != nil {
		return nil, fmt.Errorf("--input mjpeg: image %d: %w", i, err)
	}
	data, err := m.read(bytes.NewReader(m.image.Bytes()))
	if err != nil {
		return nil, fmt.Errorf("--input mjpeg: image %d: %w", i, err)
	}
	return data, nil
}

// JPEG markers: ITU-T T.81, table B.1.
const (
	startOfImage = 0xd8
	endOfImage   = 0xd9
	startOfScan  = 0xda
	temporary    = 0x01
	restartFirst = 0xd0
	restartLast  = 0xd7
)

// cut takes one image off the stream, marker by marker: a camera's image may hold a thumbnail, which is a whole image,
// too. It is io.EOF at the end of the stream; an image that the end cuts off is dropped.
//
//	SOI  segment  segment ...  SOS  scan data ... (marker  segment  SOS  scan data ...)  EOI
func (m *mjpeg) cut() error {
	m.image.Reset()
	for last := byte(0); ; { // whatever is between images is skipped
		b, err := m.in.ReadByte()
		if err != nil {
			return end(err)
		}
		if last == 0xff && b == startOfImage {
			break
		}
		last = b
	}
	m.image.Write([]byte{0xff, startOfImage})
	marker, err := m.marker()
	for ; err == nil; marker, err = m.pass(marker) {
		if marker == endOfImage {
			return nil
		}
		if m.image.Len() > maxImage {
			return fmt.Errorf("it has more than %d bytes", maxImage)
		}
	}
	return err
}

// pass passes over what belongs to a marker, to the next one.
func (m *mjpeg) pass(marker byte) (byte, error) {
	if marker == temporary || marker >= restartFirst && marker <= restartLast || marker == startOfImage {
		return m.marker()
	}
	var size [2]byte
	if _, err := io.ReadFull(m.in, size[:]); err != nil {
		return 0, end(err)
	}
	m.image.Write(size[:])
	n := int64(size[0])<<8 | int64(size[1])
	if n < 2 {
		return 0, fmt.Errorf("a segment of %d bytes: it is no JPEG image", n)
	}
	if _, err := io.CopyN(&m.image, m.in, n-2); err != nil {
		return 0, end(err)
	}
	if marker != startOfScan {
		return m.marker()
	}
	for { // scan data: 0xff is followed by 0 there, or by a restart
		b, err := m.byte()
		if err != nil {
			return 0, err
		}
		for b == 0xff && err == nil {
			if b, err = m.byte(); b != 0xff && b != 0 && (b < restartFirst || b > restartLast) {
				return b, err
			}
		}
		if err != nil || m.image.Len() > maxImage {
			return 0, errors.Join(err, tooLarge(m.image.Len()))
		}
	}
}

func tooLarge(n int) error {
	if n > maxImage {
		return fmt.Errorf("it has more than %d bytes", maxImage)
	}
	return nil
}

// marker reads 0xff, any number of times, and the byte behind it.
func (m *mjpeg) marker() (byte, error) {
	b, err := m.byte()
	if err == nil && b != 0xff {
		return 0, fmt.Errorf("byte %#x where a marker is wanted: it is no JPEG image", b)
	}
	for err == nil && b == 0xff {
		b, err = m.byte()
	}
	return b, err
}

func (m *mjpeg) byte() (byte, error) {
	b, err := m.in.ReadByte()
	if err != nil {
		return 0, end(err)
	}
	m.image.WriteByte(b)
	return b, nil
}

// end makes the end of the stream within an image that of the stream.
func end(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}
