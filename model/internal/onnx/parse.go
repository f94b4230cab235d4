package onnx

import (
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// What reading one of each costs beside its place in a list, in bytes, with the
// importer's share.
const (
	nodeCost      = 1024
	attributeCost = 128
	tensorCost    = 384
	valueCost     = 256
	dimCost       = 64
	pairCost      = 128
	graphCost     = 512
	spare         = 4 << 20 // for graphs whose weights are in other files

	maxDepth = 8 // of graphs in attributes
)

// Parse reads the description of a network from the size bytes of r. r is kept
// for the tensors' data, and read again when that is asked for.
func Parse(r io.ReaderAt, size int64) (*Model, error) {
	c := &cursor{r: r, buf: make([]byte, 0, window), budget: 4*size + spare}
	m := &Model{Opsets: map[string]int64{}}
	seen := false
	err := c.fields(span{0, size}, func(f field) (err error) {
		switch f.num {
		case 2:
			m.Producer, err = c.text(f)
		case 7:
			if seen {
				return fmt.Errorf("%w: it has two graphs", ErrMalformed)
			}
			seen = true
			err = c.message(f, m.Graph.field(c))
		case 8:
			err = c.opset(f, m.Opsets)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !seen:
		return nil, fmt.Errorf("%w: it has no graph", ErrMalformed)
	case len(m.Opsets) == 0:
		return nil, fmt.Errorf("%w: it names no version of its operators", ErrMalformed)
	}
	return m, nil
}

// message walks the message in f.
func (c *cursor) message(f field, visit func(field) error) error {
	if err := f.is(protowire.BytesType); err != nil {
		return err
	}
	return c.fields(f.body, visit)
}

// keep appends a message that costs so many bytes to list, read by the visitor
// that field makes.
func keep[T any](c *cursor, f field, list *[]T, cost int64, visitor func(*T) func(field) error) error {
	if err := c.charge(cost); err != nil {
		return err
	}
	if err := push(c, list, *new(T)); err != nil {
		return err
	}
	return c.message(f, visitor(&(*list)[len(*list)-1]))
}

func (c *cursor) opset(f field, opsets map[string]int64) error {
	if err := c.charge(pairCost); err != nil {
		return err
	}
	domain, version := "", int64(0)
	err := c.message(f, func(f field) (err error) {
		switch f.num {
		case 1:
			domain, err = c.text(f)
		case 2:
			version, err = int64(f.number), f.is(protowire.VarintType)
		}
		return err
	})
	if err != nil {
		return err
	}
	opsets[standard(domain)] = version
	return nil
}

func standard(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

func (g *Graph) field(c *cursor) func(field) error {
	return func(f field) error {
		switch f.num {
		case 1:
			if err := keep(c, f, &g.Nodes, nodeCost, func(n *Node) func(field) error { return n.field(c) }); err != nil {
				return fmt.Errorf("node %d: %w", len(g.Nodes)-1, err)
			}
		case 5:
			if err := keep(c, f, &g.Initializers, tensorCost, func(t *Tensor) func(field) error { return t.field(c) }); err != nil {
				return err
			}
			t := &g.Initializers[len(g.Initializers)-1]
			if err := t.check(); err != nil {
				return fmt.Errorf("initializer %q: %w", t.Name, err)
			}
		case 11:
			return keep(c, f, &g.Inputs, valueCost, func(v *Value) func(field) error { return v.field(c) })
		case 12:
			return keep(c, f, &g.Outputs, valueCost, func(v *Value) func(field) error { return v.field(c) })
		case 13:
			return keep(c, f, &g.Values, valueCost, func(v *Value) func(field) error { return v.field(c) })
		case 15:
			return errors.New("sparse initializers are not supported: export the weights dense")
		}
		return nil
	}
}

func (n *Node) field(c *cursor) func(field) error {
	return func(f field) (err error) {
		var s string
		switch f.num {
		case 1:
			s, err = c.text(f)
			if err == nil {
				err = push(c, &n.Inputs, s)
			}
		case 2:
			s, err = c.text(f)
			if err == nil {
				err = push(c, &n.Outputs, s)
			}
		case 3:
			n.Name, err = c.text(f)
		case 4:
			n.Op, err = c.text(f)
		case 5:
			err = keep(c, f, &n.Attributes, attributeCost, func(a *Attribute) func(field) error { return a.field(c) })
		case 7:
			s, err = c.text(f)
			n.Domain = standard(s)
		}
		return err
	}
}

func (a *Attribute) field(c *cursor) func(field) error {
	return func(f field) (err error) {
		switch f.num {
		case 1:
			a.Name, err = c.text(f)
		case 2:
			a.Float, err = math.Float32frombits(uint32(f.number)), f.is(protowire.Fixed32Type)
		case 3:
			a.Int, err = int64(f.number), f.is(protowire.VarintType)
		case 4:
			a.String, err = c.text(f)
		case 5:
			a.Tensor = new(Tensor)
			if err = c.charge(tensorCost); err == nil {
				err = c.message(f, a.Tensor.field(c))
			}
			if err == nil {
				err = a.Tensor.check()
			}
		case 6:
			if c.depth == maxDepth {
				return nil
			}
			c.depth++
			a.Graph = new(Graph)
			if err = c.charge(graphCost); err == nil {
				err = c.message(f, a.Graph.field(c))
			}
			c.depth--
		case 7:
			err = c.numbers(f, protowire.Fixed32Type, func(v uint64) error {
				return push(c, &a.Floats, math.Float32frombits(uint32(v)))
			})
		case 8:
			err = c.numbers(f, protowire.VarintType, func(v uint64) error { return push(c, &a.Ints, int64(v)) })
		case 9:
			var s string
			if s, err = c.text(f); err == nil {
				err = push(c, &a.Strings, s)
			}
		case 20:
			a.Type, err = AttributeType(f.number), f.is(protowire.VarintType)
		}
		if err != nil {
			return fmt.Errorf("attribute %q: %w", a.Name, err)
		}
		return nil
	}
}

// field reads ValueInfoProto, and through it the TypeProto of a tensor.
func (v *Value) field(c *cursor) func(field) error {
	shape := func(f field) error { // TensorShapeProto
		if f.num != 1 {
			return nil
		}
		if err := c.charge(dimCost); err != nil {
			return err
		}
		d := Dim{Size: -1}
		err := c.message(f, func(f field) (err error) {
			switch f.num {
			case 1:
				d.Size, err = int64(f.number), f.is(protowire.VarintType)
			case 2:
				d.Symbol, err = c.text(f)
			}
			return err
		})
		if err != nil {
			return err
		}
		return push(c, &v.Dims, d)
	}
	tensor := func(f field) error { // TypeProto.Tensor
		switch f.num {
		case 1:
			v.Type = DataType(f.number)
			return f.is(protowire.VarintType)
		case 2:
			v.Dims = []Dim{}
			return c.message(f, shape)
		}
		return nil
	}
	return func(f field) (err error) {
		switch f.num {
		case 1:
			v.Name, err = c.text(f)
		case 2:
			err = c.message(f, func(f field) error {
				if f.num != 1 {
					return nil
				}
				return c.message(f, tensor)
			})
		}
		return err
	}
}
