package answer

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/x448/float16"
)

// column is a .npy file that grows (NEP 1, version 1.0): rows of one shape, in C order. Its header says how many rows there are,
// and is written anew when there are more, so that the file is whole at any time: what a process that was killed leaves behind
// the rows of the header is not read.
type column struct {
	name    string
	kind    string // numpy's, of an element: <f4 is float32, little-endian
	shape   []int  // of a row
	file    *os.File
	pending []byte // rows that are not in the file
}

// npyKind is numpy's name of what a network says that an output holds.
func npyKind(holds string) string {
	kind := map[string]string{
		"float64": "<f8", "float16": "<f2", "bool": "|b1",
		"int64": "<i8", "int32": "<i4", "int16": "<i2", "int8": "|i1",
		"uint64": "<u8", "uint32": "<u4", "uint16": "<u2", "uint8": "|u1",
	}[holds]
	if kind == "" {
		return "<f4" // and what numpy does not have, such as bfloat16
	}
	return kind
}

// npyHeader is what a file of so many rows begins with. Its length does not depend on their number.
func npyHeader(kind string, rows int64, shape []int) []byte {
	const (
		magic = "\x93NUMPY\x01\x00"
		align = 64 // numpy begins the data at a multiple of it
	)
	var sizes strings.Builder
	for _, d := range shape {
		fmt.Fprintf(&sizes, " %d,", d)
	}
	number := strconv.FormatInt(rows, 10)
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,%s), }", kind, number, sizes.String())
	longest := len(text) - len(number) + len("9223372036854775807")
	size := (len(magic)+2+longest+1+align-1)/align*align - len(magic) - 2
	header := binary.LittleEndian.AppendUint16([]byte(magic), uint16(size))
	return fmt.Appendf(header, "%-*s\n", size-1, text)
}

// npyTexts is a whole file of texts.
func npyTexts(texts []string) []byte {
	width := 1
	for _, t := range texts {
		width = max(width, utf8.RuneCountInString(t))
	}
	file := npyHeader(fmt.Sprint("<U", width), int64(len(texts)), nil)
	for _, t := range texts {
		runes := make([]rune, width)
		copy(runes, []rune(t))
		for _, r := range runes {
			file = binary.LittleEndian.AppendUint32(file, uint32(r))
		}
	}
	return file
}

// bytes is those of an element.
func (c *column) bytes() int { return int(c.kind[2] - '0') }

// width is the bytes of a row.
func (c *column) width() int64 {
	n := int64(c.bytes())
	for _, d := range c.shape {
		n *= int64(d)
	}
	return n
}

// addFloats adds to the row that is pending, in the kind of the column.
func (c *column) addFloats(values ...float32) {
	for _, v := range values {
		switch c.kind {
		case "<f4":
			c.pending = binary.LittleEndian.AppendUint32(c.pending, math.Float32bits(v))
		case "<f2":
			c.pending = binary.LittleEndian.AppendUint16(c.pending, float16.Fromfloat32(v).Bits())
		case "<f8":
			c.addFloat(float64(v))
		default:
			c.addInteger(int64(v))
		}
	}
}

func (c *column) addFloat(v float64) {
	c.pending = binary.LittleEndian.AppendUint64(c.pending, math.Float64bits(v))
}

func (c *column) addInteger(v int64) {
	eight := binary.LittleEndian.AppendUint64(nil, uint64(v))
	c.pending = append(c.pending, eight[:c.bytes()]...)
}

// write writes what is pending behind so many rows. It does not count until grow has said so, and what is written next may
// take its place.
func (c *column) write(rows int64) error {
	at := int64(len(npyHeader(c.kind, rows, c.shape))) + rows*c.width()
	_, err := c.file.WriteAt(c.pending, at)
	return err
}

// grow says that the file has so many rows.
func (c *column) grow(rows int64) error {
	_, err := c.file.WriteAt(npyHeader(c.kind, rows, c.shape), 0)
	return err
}

// size is that of a file of so many rows.
func (c *column) size(rows int64) int64 {
	return int64(len(npyHeader(c.kind, rows, c.shape))) + rows*c.width()
}
