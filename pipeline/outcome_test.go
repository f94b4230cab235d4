package pipeline

import (
	"encoding/json"
	"testing"
)

// Every outcome has the name and the count of its field, whoever asks.
func TestOutcomesAreNamedOnce(t *testing.T) {
	var n Outcomes
	for o := range outcomes {
		*n.Of(o) = 1 << o
	}
	text, err := json.Marshal(Status{Entry: Entry{Outcomes: n}})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for o, count := range n.All() {
		if asked++; count != 1<<o || fields[o.String()] != float64(count) {
			t.Errorf("%v: %d, and the JSON has %v", o, count, fields[o.String()])
		}
	}
	if asked != int(outcomes) || n.Lost != 1<<Lost || n.Received != 1<<Received {
		t.Errorf("%d of %d outcomes: %+v", asked, outcomes, n)
	}
	if text := (Entry{NodeID: NodeID{Role: "slow", Address: "s:1"}, Outcomes: n}).String(); text !=
		"slow (s:1): received 1, refused 2, dropped 4, expired 8, forwarded 16, finished 32, lost 64, skipped 128" {
		t.Error(text)
	}
	n.Add(Outcomes{Received: 200, Refused: 1})
	if n.Gone() != 2+1+4+8+64 || n.Here() != 201-n.Gone()-16-32-128 || n.Sent() != 201-128 {
		t.Errorf("%d gone, %d here: %+v", n.Gone(), n.Here(), n)
	}
}
