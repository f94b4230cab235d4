package transport

import (
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// Ledgers, statuses, live figures and reports have the same fields in package pipeline and in tandem.proto, under the
// names that they have as JSON. So none is named again here: one that is added in both places travels.

// toMessage fills a message with the fields of a value.
func toMessage(value any, m proto.Message) error {
	text, err := json.Marshal(value)
	if err != nil { // a figure is no number
		return err
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, m)
}

// fromMessage fills a value with the fields of a message. Package protojson would make strings of its large numbers.
func fromMessage(m proto.Message, value any) error {
	text, err := json.Marshal(plainly(m.ProtoReflect()))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}

// plainly is a value of a message as package json likes it.
func plainly(value any) any {
	switch v := value.(type) {
	case protoreflect.Message:
		fields := map[string]any{}
		v.Range(func(f protoreflect.FieldDescriptor, field protoreflect.Value) bool {
			fields[string(f.Name())] = plainly(field.Interface())
			return true
		})
		return fields
	case protoreflect.Map:
		entries := map[string]any{}
		v.Range(func(k protoreflect.MapKey, entry protoreflect.Value) bool {
			entries[k.String()] = entry.Interface()
			return true
		})
		return entries
	case protoreflect.List:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plainly(v.Get(i).Interface())
		}
		return list
	}
	return value
}

func ledgerToWire(e pipeline.Entry) (*wire.Ledger, error) {
	m := new(wire.Ledger)
	unacknowledged, denied := e.Unacknowledged, e.Denied
	e.Unacknowledged, e.Denied = nil, nil
	err := toMessage(e, m)
	m.Unacknowledged, m.Denied = idsToWire(unacknowledged), idsToWire(denied)
	return m, err
}

func ledgerFromWire(m *wire.Ledger) (e pipeline.Entry, err error) {
	unacknowledged, denied := m.GetUnacknowledged(), m.GetDenied()
	m.Unacknowledged, m.Denied = nil, nil
	if err := fromMessage(m, &e); err != nil {
		return e, err
	}
	if e.Unacknowledged, err = pipeline.NewIDs(unacknowledged); err != nil {
		return e, err
	}
	e.Denied, err = pipeline.NewIDs(denied)
	return e, err
}

func idsToWire(ids pipeline.IDs) []uint64 {
	var flat []uint64
	for _, r := range ids {
		flat = append(flat, r[0], r[1])
	}
	return flat
}

// closingToWire encodes a closing in at most so many bytes. After a long run over a bad link very many frames are
// unacknowledged. What does not fit are the oldest of them: without them the report is less exact, and without the
// closing there is none.
func closingToWire(c Closing, most int) (*wire.CloseRequest, error) {
	for ranges := pipeline.MaxUnacknowledgedRanges; ; ranges /= 2 {
		m := &wire.CloseRequest{Run: c.Run, From: c.From, Notes: c.Notes, Detach: c.Detach}
		for _, e := range pipeline.BoundUnacknowledged(c.Nodes, ranges) {
			ledger, err := ledgerToWire(e)
			if err != nil {
				return nil, err
			}
			m.Nodes = append(m.Nodes, ledger)
		}
		if ranges == 0 || proto.Size(m) <= most {
			return m, nil
		}
	}
}

const maxStatusBytes = 256 << 10

// statusToWire encodes as many statuses as are taken and fit into so many bytes, the first ones first. One that would be
// refused is left out: a figure that can't be shown must not cost a sign of life.
func statusToWire(statuses []pipeline.Status, most int) (list []*wire.Status) {
	for _, s := range statuses {
		ledger, err := ledgerToWire(s.Entry)
		m := new(wire.Status)
		if err != nil || toMessage(s, m) != nil {
			continue
		}
		ledger.Unacknowledged, ledger.Denied, ledger.Next = nil, nil, nil // nobody shows them before the run is closed
		m.Ledger = ledger
		if check(m) != nil {
			continue
		}
		const around = 8 // bytes
		if most -= proto.Size(m) + around; most < 0 || len(list) == maxStatuses {
			return list
		}
		list = append(list, m)
	}
	return list
}

func statusFromWire(messages []*wire.Status) ([]pipeline.Status, error) {
	var statuses []pipeline.Status
	for _, m := range messages {
		var s pipeline.Status
		if err := errors.Join(fromMessage(m, &s), fromMessage(m.GetLedger(), &s.Entry)); err != nil {
			return nil, err
		}
		statuses = append(statuses, s)
	}
	return statuses, nil
}
