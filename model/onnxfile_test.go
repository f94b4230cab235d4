package model

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The tests below write small ONNX files with these few functions, one for each
// message of the format.

type bytesOf []byte

func (b bytesOf) msg(num protowire.Number, v []byte) bytesOf {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func (b bytesOf) str(num protowire.Number, v string) bytesOf { return b.msg(num, []byte(v)) }

func (b bytesOf) int(num protowire.Number, v int64) bytesOf {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

func (b bytesOf) f32(num protowire.Number, v float32) bytesOf {
	return protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), math.Float32bits(v))
}

func raw(values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// weights is an initializer of the given shape.
func weights(name string, dims []int64, values ...float32) bytesOf {
	var b bytesOf
	for _, d := range dims {
		b = b.int(1, d)
	}
	return b.int(2, 1).str(8, name).msg(9, raw(values...))
}

// info is an input or output; a size of -1 is the symbol N, of -2 left out.
func info(name string, dims ...int64) bytesOf {
	var shape bytesOf
	for _, d := range dims {
		switch d {
		case -1:
			shape = shape.msg(1, bytesOf{}.str(2, "N"))
		case -2:
			shape = shape.msg(1, nil)
		default:
			shape = shape.msg(1, bytesOf{}.int(1, d))
		}
	}
	return bytesOf{}.str(1, name).msg(2, bytesOf{}.msg(1, bytesOf{}.int(1, 1).msg(2, shape)))
}

// apply applies op to in; its only output is out and its name that of the
// output with a slash before it.
func apply(op, out string, in []string, attributes ...bytesOf) bytesOf {
	var b bytesOf
	for _, s := range in {
		b = b.str(1, s)
	}
	b = b.str(2, out).str(3, "/"+out).str(4, op)
	for _, a := range attributes {
		b = b.msg(5, a)
	}
	return b
}

func intAttr(name string, v int64) bytesOf     { return bytesOf{}.str(1, name).int(3, v).int(20, 2) }
func floatAttr(name string, v float32) bytesOf { return bytesOf{}.str(1, name).f32(2, v).int(20, 1) }

func tensorAttr(name string, t bytesOf) bytesOf {
	return bytesOf{}.str(1, name).msg(5, t).int(20, 4)
}

// graph holds what goes into a file; in and out have defaults, so that a case
// says what it is about only.
type graph struct {
	nodes, initializers []bytesOf
	in, out             []bytesOf
	opset               int64
}

func (g graph) file() []byte {
	if g.in == nil {
		g.in = []bytesOf{info("x", 1, 2)}
	}
	if g.out == nil {
		g.out = []bytesOf{info("y", 1, 2)}
	}
	if g.opset == 0 {
		g.opset = 13
	}
	var b bytesOf
	for _, n := range g.nodes {
		b = b.msg(1, n)
	}
	for _, t := range g.initializers {
		b = b.msg(5, t)
	}
	for _, v := range g.in {
		b = b.msg(11, v)
	}
	for _, v := range g.out {
		b = b.msg(12, v)
	}
	return bytesOf{}.int(1, 8).str(2, "test").msg(7, b).msg(8, bytesOf{}.int(2, g.opset))
}

func intsAttr(name string, v ...int64) bytesOf {
	b := bytesOf{}.str(1, name)
	for _, i := range v {
		b = b.int(8, i)
	}
	return b.int(20, 7)
}

func stringAttr(name, v string) bytesOf { return bytesOf{}.str(1, name).str(4, v).int(20, 3) }

// ints is an initializer of integers in one dimension.
func ints(name string, v ...int64) bytesOf {
	var b []byte
	for _, i := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(i))
	}
	return bytesOf{}.int(1, int64(len(v))).int(2, 7).str(8, name).msg(9, b)
}
