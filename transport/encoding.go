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

// encodingOf is how a frame travels in a run of the given format.
func encodingOf(f *pipeline.Frame, format string) wire.Encoding {
	if f.By.Role != "" { // a result
		return wire.Encoding_FLOAT32
	}
	return wire.Encoding(max(0, slices.Index(formats, format))) // none is float32
}

// encode puts the values into a message. The message may share them; they are not changed, so that a frame that is sent
// again is as exact as the first time. Values that are not finite stay so, or make the scale so: the receiver refuses
// both.
func encode(m *wire.Frame, values []float32, e wire.Encoding) {
	m.Encoding = e
	switch e {
	case wire.Encoding_FLOAT16:
		m.Data = halves(values)
	case wire.Encoding_INT8:
		m.Data, m.Scale, m.Offset = quantized(values)
	default:
		m.Data = bytesOf(values)
	}
}

// decode takes the values out of a message, of which its shape has so many, and validates them. They may be the
// message's own memory.
func decode(m *wire.Frame, values int64) ([]float32, error) {
	e := m.GetEncoding()
	if _, known := wire.Encoding_name[int32(e)]; !known {
		return nil, fmt.Errorf("its encoding is %d, and this node knows %s: use the same version of tandem on every node",
			e, strings.Join(formats, ", "))
	}
	if want := int64(valueBytes[e]) * values; int64(len(m.GetData())) != want {
		return nil, fmt.Errorf("it has %d bytes of data, and shape %v needs %d", len(m.GetData()), m.GetShape(), want)
	}
	switch e {
	case wire.Encoding_FLOAT16:
		data, i := floatsOfHalves(m.GetData())
		if i >= 0 {
			return nil, fmt.Errorf("value %d is not finite: only finite values are allowed", i)
		}
		return data, nil
	case wire.Encoding_INT8:
		scale, offset := m.GetScale(), m.GetOffset()
		if scale <= 0 || notFinite([]float32{scale, offset}) >= 0 {
			return nil, fmt.Errorf("its scale is %v and its offset %v: both must be finite, and the scale above 0", scale, offset)
		}
		return floatsOfQuantized(m.GetData(), float64(scale), float64(offset)), nil
	}
	data := floatsOf(m.GetData())
	if i := notFinite(data); i >= 0 {
		return nil, fmt.Errorf("value %d is %v: only finite values are allowed", i, data[i])
	}
	return data, nil
}
