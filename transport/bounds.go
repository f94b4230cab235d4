package transport

import (
	"cmp"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// What a message may hold stands in tandem.proto, beside each field. It is looked at twice: fits counts what an encoded
// message brings, before room is made for it, and check looks at what was decoded.

const (
	defaultMost = 256  // where tandem.proto says nothing
	maxFigure   = 1e15 // of any number, so that sums don't overflow
)

// bounds are what tandem.proto says of one field.
type bounds struct {
	most   int     // elements, and bytes of a name
	text   int     // bytes; 0: it is no text
	figure float64 // the largest number
}

// limits are what it says of a message.
type limits struct {
	bytes  int                            // of the whole; 0: nothing
	fields []bounds                       // by the field's place
	needed []protoreflect.FieldDescriptor // must not be empty
}

var messageLimits = func() map[protoreflect.FullName]*limits {
	all := map[protoreflect.FullName]*limits{}
	messages := wire.File_tandem_proto.Messages()
	for i := range messages.Len() {
		m := messages.Get(i)
		l := &limits{bytes: int(option[uint32](m, wire.E_Bytes))}
		for j := range m.Fields().Len() {
			f := m.Fields().Get(j)
			most := int(option[uint32](f, wire.E_Most))
			b := bounds{cmp.Or(most, defaultMost), int(option[uint32](f, wire.E_Text)), maxFigure}
			if most > 0 && f.Cardinality() != protoreflect.Repeated {
				b.figure = float64(most)
			}
			l.fields = append(l.fields, b)
			if option[bool](f, wire.E_Needed) {
				l.needed = append(l.needed, f)
			}
		}
		all[m.FullName()] = l
	}
	return all
}()

func option[T any](of protoreflect.Descriptor, kind protoreflect.ExtensionType) T {
	return proto.GetExtension(of.Options(), kind).(T)
}

// most is how many elements a field may have, or bytes.
func most(m proto.Message, field protoreflect.Name) int {
	d := m.ProtoReflect().Descriptor()
	return messageLimits[d.FullName()].fields[d.Fields().ByName(field).Index()].most
}

// Some of them are needed elsewhere.
var (
	maxStatuses = most((*wire.PushRequest)(nil), "status")
	maxDims     = most((*wire.Frame)(nil), "shape")
	maxLeft     = most((*wire.Feedback)(nil), "left") / 2 // ranges

	// MaxTensors is how many tensors a frame may have.
	MaxTensors = most((*wire.Frame)(nil), "more") + 1
)

// messageBytes is how many bytes a message may have, if none may have more than so many.
func messageBytes(m protoreflect.MessageDescriptor, most int) int {
	if bytes := messageLimits[m.FullName()].bytes; bytes > 0 {
		return min(bytes, most)
	}
	return most
}

// fits reports an encoded message that would take far more memory than it has bytes: an empty frame has two bytes on the
// wire, and some 300 in memory. Lists of numbers are not counted. What is broken otherwise is found by the decoder.
func fits(b []byte, m protoreflect.MessageDescriptor) error {
	limits := messageLimits[m.FullName()]
	if limits.bytes > 0 && len(b) > limits.bytes {
		return fmt.Errorf("it has %d bytes: %d are allowed", len(b), limits.bytes)
	}
	var elements [64]int // of each field: no message has more
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeField(b)
		if n < 0 {
			return nil
		}
		_, _, tag := protowire.ConsumeTag(b)
		value := b[tag:n]
		b = b[n:]
		f := m.Fields().ByNumber(number)
		if f == nil {
			continue
		}
		if f.Cardinality() == protoreflect.Repeated && kind == protowire.BytesType && !f.IsPacked() {
			elements[f.Index()]++
			if most := limits.fields[f.Index()].most; elements[f.Index()] > most {
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
// are decoded, where an error can name the frame, and what strategies reckon with as well.
func check(message proto.Message) (err error) {
	m := message.ProtoReflect()
	limits := messageLimits[m.Descriptor().FullName()]
	for _, f := range limits.needed {
		if !m.Has(f) {
			return invalid(f, "is empty")
		}
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		b := &limits.fields[f.Index()]
		switch {
		case f.IsMap():
			if err = b.checkLen(f, v.Map().Len()); err != nil {
				break
			}
			v.Map().Range(func(key protoreflect.MapKey, entry protoreflect.Value) bool {
				_, wrongKey := b.checkValue(f.MapKey(), key.Value())
				_, wrong := b.checkValue(f.MapValue(), entry)
				err = cmp.Or(wrongKey, wrong)
				return err == nil
			})
		case f.IsList():
			list := v.List()
			err = b.checkLen(f, list.Len())
			for i := 0; i < list.Len() && err == nil && f.Kind() != protoreflect.Uint64Kind; i++ {
				if v, err = b.checkValue(f, list.Get(i)); b.text > 0 {
					list.Set(i, v)
				}
			}
		default:
			if v, err = b.checkValue(f, v); b.text > 0 {
				m.Set(f, v)
			}
		}
		return err == nil
	})
	return err
}

func (b *bounds) checkLen(f protoreflect.FieldDescriptor, n int) error {
	if n > b.most {
		return invalid(f, "has %d elements: %d are allowed", n, b.most)
	}
	return nil
}

// checkValue returns the value, or of a text what is fit to be shown.
func (b *bounds) checkValue(f protoreflect.FieldDescriptor, v protoreflect.Value) (protoreflect.Value, error) {
	least, figure := 0.0, 0.0
	switch f.Kind() {
	case protoreflect.StringKind:
		name := v.String()
		switch {
		case b.text > 0:
			return protoreflect.ValueOfString(shown(name, b.text)), nil
		case len(name) > b.most:
			return v, invalid(f, "has %d bytes: %d are allowed", len(name), b.most)
		case !printable(name):
			return v, invalid(f, "is %.40q, which can't be printed", name)
		}
	case protoreflect.MessageKind:
		switch m := v.Message().Interface().(type) {
		case *wire.Frame, *wire.Feedback:
		default:
			return v, check(m)
		}
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		figure = float64(v.Int())
	case protoreflect.Sint64Kind:
		least, figure = -b.figure, float64(v.Int())
	case protoreflect.Uint64Kind:
		figure = float64(v.Uint())
	case protoreflect.DoubleKind:
		figure = v.Float()
	}
	if figure >= least && figure <= b.figure { // false for NaN
		return v, nil
	}
	return v, invalid(f, "is %v: %v to %v is allowed", figure, least, b.figure)
}

func invalid(f protoreflect.FieldDescriptor, format string, args ...any) error {
	return fmt.Errorf("%w: %s %s", pipeline.ErrInvalidRun, nameOf(f), fmt.Sprintf(format, args...))
}

// nameOf is a field as errors call it, as in "Status.rate_in".
func nameOf(f protoreflect.FieldDescriptor) string {
	return string(f.Parent().Name()) + "." + string(f.Name())
}
