package input

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxImage bounds the bytes of one picture of a stream.
const maxImage = 16 << 20

// jpegs cuts a stream into JPEG files, and leaves out what is between them, such as the headers of multipart/x-mixed-replace.
type jpegs struct {
	in      *bufio.Reader
	file    []byte
	started bool  // the next file's first marker is read
	bytes   int64 // so far
}

func newJPEGs(from io.Reader) *jpegs { return &jpegs{in: bufio.NewReaderSize(from, 64<<10)} }

// errCut is a file that ends before its end marker.
var errCut = errors.New("it is cut off: it has no end marker (ff d9)")

// next returns the next file. A damaged one is a damage error, and the stream goes on behind it.
func (j *jpegs) next() ([]byte, error) {
	if err := j.start(); err != nil {
		return nil, err
	}
	j.file = append(make([]byte, 0, len(j.file)), mark, soi) // others keep the last one
	if whole, err := j.headers(); err != nil || !whole {
		return nil, j.cut(err)
	}
	whole, err := j.scans()
	if err != nil || !whole {
		return nil, j.cut(err)
	}
	return j.file, nil
}

// start skips what is before a file.
func (j *jpegs) start() error {
	for last := byte(0); !j.started; {
		b, err := j.read()
		if err != nil {
			return err
		}
		j.started = last == mark && b == soi
		last = b
	}
	j.started = false
	return nil
}

func (j *jpegs) read() (byte, error) {
	b, err := j.in.ReadByte()
	if err == nil {
		j.bytes++
	}
	return b, err
}

// take reads a byte of the file.
func (j *jpegs) take() (byte, error) {
	if len(j.file) == maxImage {
		return 0, damage{fmt.Errorf("it has more than %d bytes", maxImage)}
	}
	b, err := j.read()
	if err == nil {
		j.file = append(j.file, b)
	}
	return b, err
}

// headers reads the segments before the first scan, a thumbnail within one of them too, and the scan's own. It is not
// whole where another file begins.
func (j *jpegs) headers() (whole bool, err error) {
	for {
		kind, err := j.marker()
		switch {
		case err != nil:
			return false, err
		case kind == soi:
			j.started = true
			return false, nil
		case kind == eoi:
			return true, nil // the decoder says what it lacks
		case kind == 0x01 || kind >= 0xd0 && kind <= 0xd7: // these have no segment
			continue
		}
		var size [2]byte
		for i := range size {
			if size[i], err = j.take(); err != nil {
				return false, err
			}
		}
		whole, err := j.segment(int(binary.BigEndian.Uint16(size[:]))-len(size), kind)
		if err != nil || !whole {
			return false, err
		}
		if kind == sos {
			return true, nil
		}
	}
}

// segment reads the rest of one. It is not whole where another file begins within it; only those of applications may have
// one, a thumbnail.
func (j *jpegs) segment(left int, kind byte) (whole bool, err error) {
	application := kind >= 0xe0 && kind <= 0xef
	for last := byte(0); left > 0; left-- {
		b, err := j.take()
		if err != nil {
			return false, err
		}
		if last == mark && b == soi && !application {
			if next, err := j.in.Peek(1); err == nil && next[0] == mark {
				j.started = true
				return false, nil
			}
		}
		last = b
	}
	return true, nil
}

// marker reads up to the next marker, over what else a damaged file has there.
func (j *jpegs) marker() (byte, error) {
	for last := byte(0); ; {
		b, err := j.take()
		if err != nil {
			return 0, err
		}
		if last == mark && b != mark && b != 0 {
			return b, nil
		}
		last = b
	}
}

// scans reads up to the end marker. Those of further scans and their tables are left to the decoder.
func (j *jpegs) scans() (whole bool, err error) {
	if n := len(j.file); n >= 2 && j.file[n-2] == mark && j.file[n-1] == eoi {
		return true, nil
	}
	for {
		switch kind, err := j.marker(); {
		case err != nil:
			return false, err
		case kind == eoi:
			return true, nil
		case kind == soi:
			j.started = true
			return false, nil
		}
	}
}

// cut says what a file is that is not whole. Why the stream ends, if it does, the next one says.
func (j *jpegs) cut(err error) error {
	if long := new(damage); errors.As(err, long) {
		return err
	}
	return damage{errCut}
}
