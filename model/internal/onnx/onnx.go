// Package onnx reads the ONNX file format and nothing more: what the operators
// mean is the importer's business (package model).
//
// A file is one protobuf message, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
// It is walked by hand over an io.ReaderAt, so that the weights, which are
// nearly all of it, stay in the file until somebody asks for them:
//
//	ModelProto ── opsets
//	    └ GraphProto ── inputs, outputs, values      Value  (name, type, shape)
//	          ├ NodeProto ── AttributeProto          Node, Attribute
//	          └ TensorProto                          Tensor (name, type, dims, where its data is)
//
// The depth of that tree is the depth of the recursion; subgraphs in attributes
// are entered eight deep. What the parser allocates is charged to a
// budget of four times the file's size and 4 MiB, so a hostile file costs no
// more.
package onnx

import (
	"errors"
	"math"
)

// ErrMalformed is in the chain of every error about a file that breaks the
// format: cut short, damaged, or made to do harm.
var ErrMalformed = errors.New("malformed ONNX file")

// Model is a file's description of a network.
type Model struct {
	Producer string           // program that wrote it, such as "pytorch"
	Opsets   map[string]int64 // version of the operators, by domain; the standard domain is ""
	Graph    Graph
}

// Graph is the network: nodes in the order in which they can be computed.
type Graph struct {
	Nodes        []Node
	Inputs       []Value // in files of IR version 3 and before, initializers are among them
	Outputs      []Value
	Values       []Value // shapes that the exporter noted for tensors in between
	Initializers []Tensor
}

// Node applies one operator. An empty input name stands for an optional input
// that is left out.
type Node struct {
	Name, Op, Domain string // the standard domain is "", however the file spells it
	Inputs, Outputs  []string
	Attributes       []Attribute
}

// Attribute is a parameter of a node. Type says which of the fields counts.
type Attribute struct {
	Name   string
	Type   AttributeType
	Float  float32
	Int    int64
	String string
	Tensor *Tensor
	Graph  *Graph // of If and Loop; nil where it is nested too deep
	Floats []float32
	Ints   []int64

	Strings []string
}

// AttributeType is AttributeProto.AttributeType of the format.
type AttributeType int64

// The types of attribute that are read; others are kept with their name only.
const (
	AttributeFloat  AttributeType = 1
	AttributeInt    AttributeType = 2
	AttributeString AttributeType = 3
	AttributeTensor AttributeType = 4
	AttributeGraph  AttributeType = 5
	AttributeFloats AttributeType = 6
	AttributeInts   AttributeType = 7

	AttributeStrings AttributeType = 8
)

// Value names a tensor that exists while the network is computed.
type Value struct {
	Name string
	Type DataType
	Dims []Dim // nil when the file gives no shape
}

// Dim is one dimension: a size, or a symbol such as "batch" with size -1, or
// neither (size -1).
type Dim struct {
	Size   int64
	Symbol string
}

// Attribute returns the attribute of that name, or nil.
func (n *Node) Attribute(name string) *Attribute {
	for i := range n.Attributes {
		if n.Attributes[i].Name == name {
			return &n.Attributes[i]
		}
	}
	return nil
}

// Int returns the integer attribute of that name, or otherwise when the node
// has none.
func (n *Node) Int(name string, otherwise int64) int64 {
	if a := n.Attribute(name); a != nil && a.Type == AttributeInt {
		return a.Int
	}
	return otherwise
}

// Float returns the float attribute of that name, or otherwise when the node
// has none.
func (n *Node) Float(name string, otherwise float32) float32 {
	if a := n.Attribute(name); a != nil && a.Type == AttributeFloat {
		return a.Float
	}
	return otherwise
}

// Declared is the shape that the file notes for a tensor, or nil where it notes
// none, or one that is open.
func (g *Graph) Declared(tensor string) []int {
	for _, list := range [][]Value{g.Outputs, g.Values} {
		for i := range list {
			if list[i].Name == tensor {
				return list[i].fixed()
			}
		}
	}
	return nil
}

// fixed is the shape if all its sizes are there.
func (v *Value) fixed() []int {
	if v.Dims == nil {
		return nil
	}
	shape := make([]int, len(v.Dims))
	for i, d := range v.Dims {
		if d.Size < 0 || d.Size > math.MaxInt32 {
			return nil
		}
		shape[i] = int(d.Size)
	}
	return shape
}
