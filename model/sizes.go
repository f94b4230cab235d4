package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// Settings say what a file leaves open, and what opening it may cost. The zero
// value leaves nothing to choose.
type Settings struct {
	Shapes    []Shape
	Constants int // bytes that constants may take which are computed from others; 0: DefaultConstants
	Winograd  int // bytes that 3×3 convolutions may take beyond their weights, see op.Roomy; 0: DefaultWinograd
}

// DefaultConstants is enough for the masks and tables of positions that exporters
// leave to be computed, and little for a Pi.
const DefaultConstants = 64 << 20

// Shape is what an input's open sizes are. It is written input=1x3x640x640, and
// without a name where there is one input.
type Shape struct {
	Input string
	Dims  []int // with the batch dimension
}

var errShape = errors.New("a shape such as input=1x3x640x640 is wanted")

// ParseShape reads a Shape.
func ParseShape(text string) (Shape, error) {
	var s Shape
	sizes := text
	if i := strings.LastIndexByte(text, '='); i >= 0 {
		s.Input, sizes = text[:i], text[i+1:]
	}
	for size := range strings.SplitSeq(sizes, "x") {
		d, err := strconv.Atoi(size)
		if err != nil || d < 1 || d > op.MaxVolume || len(s.Dims) == op.MaxRank {
			return Shape{}, errShape
		}
		s.Dims = append(s.Dims, d)
	}
	return s, nil
}

func (s Shape) String() string {
	var sizes []string
	for _, d := range s.Dims {
		sizes = append(sizes, strconv.Itoa(d))
	}
	text := strings.Join(sizes, "x")
	if s.Input != "" {
		text = s.Input + "=" + text
	}
	return text
}

// settle puts the sizes that are set into the inputs. A symbol has one size
// wherever it stands.
func (s Settings) settle(inputs []*onnx.Value) error {
	symbols := map[string]int64{}
	for _, shape := range s.Shapes {
		i := slices.IndexFunc(inputs, func(v *onnx.Value) bool { return v.Name == shape.Input })
		if shape.Input == "" && len(inputs) == 1 {
			i = 0
		}
		if i < 0 {
			var names []string
			for _, v := range inputs {
				names = append(names, v.Name)
			}
			return fmt.Errorf("shape %v: %w: the inputs are %.200q", shape, ErrUnsupported, names)
		}
		if inputs[i].Dims == nil { // the file gives none
			inputs[i].Dims = slices.Repeat([]onnx.Dim{{Size: -1}}, len(shape.Dims))
		}
		dims := slices.Clone(inputs[i].Dims)
		if len(dims) != len(shape.Dims) {
			return fmt.Errorf("shape %v: %w: the input has %d dimensions (%v)", shape, ErrUnsupported, len(dims), spelled(dims))
		}
		for k, d := range shape.Dims {
			was := dims[k]
			if known, is := symbols[was.Symbol]; was.Size >= 0 && was.Size != int64(d) || is && was.Symbol != "" && known != int64(d) {
				return fmt.Errorf("shape %v: %w: the input has %v", shape, ErrUnsupported, spelled(inputs[i].Dims))
			}
			if dims[k].Size = int64(d); was.Symbol != "" {
				symbols[was.Symbol] = int64(d)
			}
		}
		inputs[i].Dims = dims
	}
	for _, v := range inputs {
		for k, d := range v.Dims {
			if size, is := symbols[d.Symbol]; is && d.Size == -1 {
				v.Dims[k].Size = size
			}
		}
	}
	return nil
}

// spelled is a shape as the file has it, its open sizes by their symbols.
func spelled(dims []onnx.Dim) string {
	var sizes []string
	for _, d := range dims {
		switch {
		case d.Size >= 0:
			sizes = append(sizes, strconv.FormatInt(d.Size, 10))
		case d.Symbol != "":
			sizes = append(sizes, clip(d.Symbol))
		default:
			sizes = append(sizes, "?")
		}
	}
	return strings.Join(sizes, "x")
}

// example is a shape that fits the dimensions: one frame, and in place of every other open size that of a usual picture.
func example(dims []onnx.Dim) string {
	dims = slices.Clone(dims)
	for i := range dims {
		if dims[i].Size < 0 {
			dims[i].Size = 224
			if i == 0 && len(dims) > 1 {
				dims[i].Size = 1
			}
		}
	}
	return spelled(dims)
}
