package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"

	"tandem/pipeline"
)

// The live figures of nodes go down with the signs of life, and end's summary comes up with their answers. They are
// JSON within the message, as the ledgers of a closing are: a field more needs no new wire.

// What a message may hold of them.
const (
	maxStatuses    = 128
	maxStatusBytes = 256 << 10
)

// statusToWire encodes as many statuses as are taken and fit into so many bytes, the first ones first. One that would be
// refused is left out: a figure that can't be shown must not cost a sign of life.
func statusToWire(statuses []pipeline.Status, most int) string {
	if len(statuses) == 0 {
		return ""
	}
	most = min(most, maxStatusBytes)
	list := []byte("[")
	for _, s := range statuses[:min(len(statuses), maxStatuses)] {
		if cmp.Or(showable(&s.Entry), s.Validate()) != nil {
			continue
		}
		one, err := json.Marshal(s)
		if err != nil {
			continue
		}
		if len(list)+len(one)+2 > most {
			break
		}
		list = append(append(list, one...), ',')
	}
	return string(append(bytes.TrimSuffix(list, []byte(",")), ']'))
}

func statusFromWire(text string) ([]pipeline.Status, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxStatusBytes {
		return nil, fmt.Errorf("%w: its status has %d bytes: %d are allowed", pipeline.ErrInvalidRun, len(text), maxStatusBytes)
	}
	statuses, err := decodeList[pipeline.Status](text, maxStatuses)
	if err != nil {
		return nil, fmt.Errorf("%w: its status is no list of statuses: %v", pipeline.ErrInvalidRun, err)
	}
	for i := range statuses {
		s := &statuses[i]
		s.State = pipeline.State(plain(string(s.State)))
		s.Next, s.Unacknowledged, s.Denied = nil, nil, nil // nobody shows them before the run is closed
		if err := cmp.Or(showable(&s.Entry), s.Validate()); err != nil {
			return nil, err
		}
	}
	return statuses, nil
}

func liveToWire(l *pipeline.Live) string {
	if l == nil {
		return ""
	}
	text, err := json.Marshal(l)
	if err != nil { // a figure is no number
		return ""
	}
	return string(text)
}

func liveFromWire(text string) (*pipeline.Live, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxStatusBytes {
		return nil, fmt.Errorf("%w: its live figures have %d bytes: %d are allowed", pipeline.ErrInvalidRun, len(text), maxStatusBytes)
	}
	l := new(pipeline.Live)
	if err := json.Unmarshal([]byte(text), l); err != nil {
		return nil, fmt.Errorf("%w: its live figures are none: %v", pipeline.ErrInvalidRun, err)
	}
	l.State = pipeline.State(plain(string(l.State)))
	return l, l.Validate()
}
