package transport

import (
	"fmt"
	"slices"
	"strings"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// The wire formats: how the values of frames travel between nodes. Results travel as float32, whatever the run's format.
const (
	Float32 = "float32"
	Float16 = "float16" // half the bytes
	Int8    = "int8"    // a quarter
)

// Their names, and what a value takes, in the order of wire.Encoding.
var (
	formats    = []string{Float32, Float16, Int8}
	valueBytes = []int{4, 2, 1}
)

// CheckWire reports a wire format that this program does not know. None (empty) is one that is left open.
func CheckWire(format string) error {
	if format != "" && !slices.Contains(formats, format) {
		return fmt.Errorf("wire format %q is unknown: use one of %s", format, strings.Join(formats, ", "))
	}
	return nil
}

// ValueBytes is what a value takes between nodes in a run of a format that CheckWire knows. Results take that of Float32.
func ValueBytes(format string) int { return valueBytes[max(0, slices.Index(formats, format))] }

// encodingOf is how a frame travels in a run of the given format.
func encodingOf(f *pipeline.Frame, format string) wire.Encoding {
	if f.By.Role != "" { // a result
		return wire.Encoding_FLOAT32
	}
	return wire.Encoding(max(0, slices.Index(formats, format))) // none is float32
}

// encode puts tensors of these shapes into a message. The message may share their values; they are not changed, so that
// a frame that is sent again is as exact as the first time. Values that are not finite stay so, or make the scale so: the
// receiver refuses both.
func encode(m *wire.Frame, shapes [][]int, values []float32, e wire.Encoding) {
	m.Encoding = e
	for i, shape := range shapes {
		if i == 0 {
			m.Shape = ints[int32](shape)
		} else {
			m.More = append(m.More, &wire.Tensor{Shape: ints[int32](shape)})
		}
	}
	switch e {
	case wire.Encoding_FLOAT16:
		m.Data = halves(values)
	case wire.Encoding_INT8:
		m.Data = make([]byte, len(values))
		at := 0
		for i, shape := range shapes {
			end := at + pipeline.Volume(shape)
			if i == len(shapes)-1 || end < at || end > len(values) {
				end = len(values) // where the shapes are wrong, the receiver refuses the frame
			}
			scale, offset := quantize(m.Data[at:end], values[at:end])
			if i == 0 {
				m.Scale, m.Offset = scale, offset
			} else {
				m.More[i-1].Scale, m.More[i-1].Offset = scale, offset
			}
			at = end
		}
	default:
		m.Data = bytesOf(values)
	}
}

// decode takes the values of tensors of these shapes out of a message, and validates them. They may be the message's own
// memory.
func decode(m *wire.Frame, shapes [][]int) ([]float32, error) {
	values := int64(0)
	for _, shape := range shapes {
		values += int64(pipeline.Volume(shape))
	}
	e := m.GetEncoding()
	if _, known := wire.Encoding_name[int32(e)]; !known {
		return nil, fmt.Errorf("its encoding is %d, and this node knows %s: use the same version of tandem on every node",
			e, strings.Join(formats, ", "))
	}
	if want := int64(valueBytes[e]) * values; int64(len(m.GetData())) != want {
		return nil, fmt.Errorf("it has %d bytes of data, and shape %v needs %d", len(m.GetData()), pipeline.FormatShapes(shapes), want)
	}
	switch e {
	case wire.Encoding_FLOAT16:
		data, i := floatsOfHalves(m.GetData())
		if i >= 0 {
			return nil, fmt.Errorf("value %d is not finite: only finite values are allowed", i)
		}
		return data, nil
	case wire.Encoding_INT8:
		data, at := make([]float32, values), 0
		for i, shape := range shapes {
			scale, offset := m.GetScale(), m.GetOffset()
			if i > 0 {
				scale, offset = m.GetMore()[i-1].GetScale(), m.GetMore()[i-1].GetOffset()
			}
			if scale <= 0 || notFinite([]float32{scale, offset}) >= 0 {
				return nil, fmt.Errorf("its scale is %v and its offset %v: both must be finite, and the scale above 0", scale, offset)
			}
			end := at + pipeline.Volume(shape)
			dequantize(data[at:end], m.GetData()[at:end], float64(scale), float64(offset))
			at = end
		}
		return data, nil
	}
	data := floatsOf(m.GetData())
	if i := notFinite(data); i >= 0 {
		return nil, fmt.Errorf("value %d is %v: only finite values are allowed", i, data[i])
	}
	return data, nil
}
