package transport

import (
	"cmp"
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/proto"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// Ledgers, statuses, live figures and reports have the same fields in package pipeline and in tandem.proto, under the
// names that they have as JSON, which the generated structs know too. So none is named again here: one that is added in
// both places travels.

// convert fills a message with the fields of a value, or a value with those of a message. It fails where a figure is no
// number.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

func ledgerToWire(e pipeline.Entry) (*wire.Ledger, error) {
	m := new(wire.Ledger)
	err := convert(e, m)
	m.Life, m.Gone = e.Life, e.GoneIDs.Steps() // JSON has no ids
	for _, h := range e.Handed {
		m.Handed = append(m.Handed, &wire.Handover{Role: h.Role, Address: h.Address, Life: h.Life, Frames: h.Frames.Steps()})
	}
	return m, err
}

func ledgerFromWire(m *wire.Ledger) (e pipeline.Entry, err error) {
	e.Life = m.GetLife()
	var wrong error
	e.GoneIDs, wrong = pipeline.NewIDs(m.GetGone())
	for _, h := range m.GetHanded() {
		frames, err := pipeline.NewIDs(h.GetFrames())
		wrong = cmp.Or(wrong, err)
		e.Handed = append(e.Handed, pipeline.Handover{NodeID: pipeline.NodeID{Role: h.GetRole(), Address: h.GetAddress()}, Life: h.GetLife(), Frames: frames})
	}
	m.Gone, m.Handed = nil, nil
	return e, cmp.Or(wrong, convert(m, &e))
}

// ledgersToWire encodes ledgers in at most so many bytes. After a long run over a bad link very many ranges of frames are
// to be told. What does not fit are the oldest of them: without them the report is less exact, and without the ledgers
// there is none.
func ledgersToWire(entries []pipeline.Entry, most int) (list []*wire.Ledger, err error) {
	for ranges := pipeline.MaxRanges; ; ranges /= 2 {
		size := 0
		list = list[:0]
		for _, e := range pipeline.BoundIDs(entries, ranges) {
			ledger, err := ledgerToWire(e)
			if err != nil {
				return nil, err
			}
			list, size = append(list, ledger), size+proto.Size(ledger)+around
		}
		if ranges == 0 || size <= most {
			return list, nil
		}
	}
}

func ledgersFromWire(messages []*wire.Ledger) (entries []pipeline.Entry, err error) {
	for _, m := range messages {
		e, err := ledgerFromWire(m)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// closingToWire encodes a closing in at most so many bytes, as far as its ledgers can be made shorter.
func closingToWire(c Closing, most int) (m *wire.CloseRequest, err error) {
	m = &wire.CloseRequest{Run: c.Run, From: c.From, Notes: c.Notes, Reason: c.Reason}
	m.Nodes, err = ledgersToWire(c.Nodes, most-proto.Size(m))
	return m, err
}

const (
	maxToldBytes   = 512 << 10
	maxStatusBytes = 256 << 10
	around         = 8 // bytes of a message in a list, beside its own
)

// statusToWire encodes as many statuses as are taken and fit into so many bytes, the first ones first. One that would be
// refused is left out: a figure that can't be shown must not cost a sign of life.
func statusToWire(statuses []pipeline.Status, most int) (list []*wire.Status) {
	for _, s := range statuses {
		s.Next = nil // nobody shows it before the run is closed, nor the ids of frames
		m := &wire.Status{Ledger: new(wire.Ledger)}
		if errors.Join(convert(s.Entry, m.Ledger), convert(s, m), check(m)) != nil {
			continue
		}
		if most -= proto.Size(m) + around; most < 0 || len(list) == maxStatuses {
			return list
		}
		list = append(list, m)
	}
	return list
}

func statusFromWire(messages []*wire.Status) ([]pipeline.Status, error) {
	statuses := make([]pipeline.Status, len(messages))
	for i, m := range messages {
		if err := errors.Join(convert(m, &statuses[i]), convert(m.GetLedger(), &statuses[i].Entry)); err != nil {
			return nil, err
		}
	}
	return statuses, nil
}
