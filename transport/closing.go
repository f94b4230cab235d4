package transport

import (
	"encoding/json"
	"fmt"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// What the message that closes a run may hold. It brings the ledgers of all nodes above, and in them the frames that are
// in doubt: after a long run over a bad link these may be very many.
const maxClosing = 1 << 20 // bytes

// closingToWire encodes a closing in at most so many bytes. What does not fit are the oldest frames in doubt: without
// them the report is less exact, and without the closing there is none.
func closingToWire(c Closing, most int) (*wire.CloseRequest, error) {
	m := &wire.CloseRequest{Run: c.Run, From: c.From, Note: plain(c.Note), Detach: c.Detach}
	const frame = 64 // around the texts
	most -= len(m.Run) + len(m.From) + len(m.Note) + frame
	for ranges := pipeline.MaxUnacknowledgedRanges; ; ranges /= 2 {
		text, err := json.Marshal(pipeline.BoundUnacknowledged(c.Nodes, ranges))
		if err != nil {
			return nil, err
		}
		if len(text) <= most || ranges == 0 {
			m.Nodes = string(text)
			return m, nil
		}
	}
}

// reportFromWire decodes the report that answers a closing: the ledgers that came with the closings, and end's own.
func reportFromWire(text string) (pipeline.Report, error) {
	if len(text) > maxReport {
		return pipeline.Report{}, fmt.Errorf("it has %d bytes: %d are allowed", len(text), maxReport)
	}
	var m struct {
		pipeline.Report
		Nodes json.RawMessage `json:"nodes"` // hides the report's own
	}
	err := json.Unmarshal([]byte(text), &m)
	if err == nil && len(m.Nodes) > 0 {
		m.Report.Nodes, err = decodeList[pipeline.Entry](string(m.Nodes), maxNodes+1)
	}
	return m.Report, err
}
