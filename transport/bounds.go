package transport

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// What a message may hold stands in tandem.proto, beside each field. It is looked at twice: fits counts what an encoded
// message brings, before room is made for it, and check looks at what was decoded.

const (
	defaultMost = 256  // where tandem.proto says nothing
	maxFigure   = 1e15 // of any number, so that sums don't overflow
)

// bounds are the options of one field.
type bounds struct {
	most   int     // elements, and bytes of a name
	text   int     // bytes; 0: it is no text
	figure float64 // the largest number
	needed bool
}

// fieldBounds are those of all fields that have any.
var fieldBounds = func() map[protoreflect.FullName]bounds {
	all := map[protoreflect.FullName]bounds{}
	messages := wire.File_tandem_proto.Messages()
	for i := range messages.Len() {
		fields := messages.Get(i).Fields()
		for j := range fields.Len() {
			f := fields.Get(j)
			o := f.Options().(*descriptorpb.FieldOptions)
			b := bounds{
				most: defaultMost, text: int(proto.GetExtension(o, wire.E_Text).(uint32)),
				figure: maxFigure, needed: proto.GetExtension(o, wire.E_Needed).(bool),
			}
			if proto.HasExtension(o, wire.E_Most) {
				b.most = int(proto.GetExtension(o, wire.E_Most).(uint32))
				if f.Cardinality() != protoreflect.Repeated {
					b.figure = float64(b.most)
				}
			}
			all[f.FullName()] = b
		}
	}
	return all
}()

// Some of them are needed elsewhere.
var (
	maxStatuses = fieldBounds["tandem.v1.PushRequest.status"].most
	maxDims     = fieldBounds["tandem.v1.Frame.shape"].most
)

// messageBytes is how many bytes a message may have, of which no message has more than so many.
func messageBytes(m protoreflect.MessageDescriptor, most int) int {
	o := m.Options().(*descriptorpb.MessageOptions)
	if bytes := proto.GetExtension(o, wire.E_Bytes).(uint32); bytes > 0 {
		return min(int(bytes), most)
	}
	return most
}

// fits reports an encoded message that would take far more memory than it has bytes: an empty frame has two bytes on the
// wire, and some 300 in memory. Lists of numbers are not counted. What is broken otherwise is found by the decoder.
func fits(b []byte, m protoreflect.MessageDescriptor) error {
	if most := messageBytes(m, math.MaxInt); len(b) > most {
		return fmt.Errorf("it has %d bytes: %d are allowed", len(b), most)
	}
	var elements [64]int // of each field
	for len(b) > 0 {
		number, kind, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return nil
		}
		n := protowire.ConsumeFieldValue(number, kind, b[tag:])
		if n < 0 {
			return nil
		}
		value := b[tag : tag+n]
		b = b[tag+n:]
		f := m.Fields().ByNumber(number)
		if f == nil {
			continue
		}
		if f.Cardinality() == protoreflect.Repeated && kind == protowire.BytesType && !f.IsPacked() {
			elements[f.Index()]++
			if most := fieldBounds[f.FullName()].most; elements[f.Index()] > most {
				return fmt.Errorf("%s has more than %d elements", nameOf(f), most)
			}
		}
		if f.Message() != nil && !f.IsMap() {
			inner, _ := protowire.ConsumeBytes(value) // nil where it is something else
			if err := fits(inner, f.Message()); err != nil {
				return err
			}
		}
	}
	return nil
}

// check reports what a message holds that it may not, and makes its texts fit to be shown. Frames are looked at as they
// are decoded, where an error can name the frame.
func check(message proto.Message) error {
	m := message.ProtoReflect()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		b := fieldBounds[f.FullName()]
		if !m.Has(f) {
			if b.needed {
				return fmt.Errorf("%w: %s is empty", pipeline.ErrInvalidRun, nameOf(f))
			}
			continue
		}
		if err := b.checkField(m, f); err != nil {
			return err
		}
	}
	return nil
}

func (b bounds) checkField(m protoreflect.Message, f protoreflect.FieldDescriptor) (err error) {
	value := m.Get(f)
	switch {
	case f.IsMap():
		if n := value.Map().Len(); n > b.most {
			return tooMany(f, n, b.most)
		}
		value.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			if _, err = b.checkValue(f.MapKey(), k.Value()); err == nil {
				_, err = b.checkValue(f.MapValue(), v)
			}
			return err == nil
		})
		return err
	case f.IsList():
		list := value.List()
		if list.Len() > b.most {
			return tooMany(f, list.Len(), b.most)
		}
		if f.Kind() == protoreflect.Uint64Kind { // ids
			return nil
		}
		for i := range list.Len() {
			checked, err := b.checkValue(f, list.Get(i))
			if err != nil {
				return err
			}
			list.Set(i, checked)
		}
		return nil
	}
	checked, err := b.checkValue(f, value)
	if err == nil {
		m.Set(f, checked)
	}
	return err
}

// checkValue returns the value, or the text that is fit to be shown.
func (b bounds) checkValue(f protoreflect.FieldDescriptor, v protoreflect.Value) (protoreflect.Value, error) {
	switch f.Kind() {
	case protoreflect.StringKind:
		s := v.String()
		switch {
		case b.text > 0:
			return protoreflect.ValueOfString(shown(s, b.text)), nil
		case len(s) > b.most:
			return v, fmt.Errorf("%w: %s has %d bytes: %d are allowed", pipeline.ErrInvalidRun, nameOf(f), len(s), b.most)
		case !printable(s):
			return v, fmt.Errorf("%w: %s is %.40q, which can't be printed", pipeline.ErrInvalidRun, nameOf(f), s)
		}
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return v, checkFigure(f, float64(v.Int()), 0, b.figure)
	case protoreflect.Sint64Kind:
		return v, checkFigure(f, float64(v.Int()), -b.figure, b.figure)
	case protoreflect.Uint64Kind:
		return v, checkFigure(f, float64(v.Uint()), 0, b.figure)
	case protoreflect.DoubleKind:
		return v, checkFigure(f, v.Float(), 0, b.figure)
	case protoreflect.MessageKind:
		switch m := v.Message().Interface().(type) {
		case *wire.Frame, *wire.Feedback:
		default:
			return v, check(m)
		}
	}
	return v, nil
}

func checkFigure(f protoreflect.FieldDescriptor, v, least, most float64) error {
	if v >= least && v <= most { // false for NaN too
		return nil
	}
	return fmt.Errorf("%w: %s is %v: %v to %v is allowed", pipeline.ErrInvalidRun, nameOf(f), v, least, most)
}

func tooMany(f protoreflect.FieldDescriptor, n, most int) error {
	return fmt.Errorf("%w: %s has %d elements: %d are allowed", pipeline.ErrInvalidRun, nameOf(f), n, most)
}

// nameOf is a field as errors call it, as in "Status.rate_in".
func nameOf(f protoreflect.FieldDescriptor) string {
	return string(f.Parent().Name()) + "." + string(f.Name())
}
