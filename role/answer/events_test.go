package answer

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A reader has the values of the outputs where it, or whoever started end, has asked for them.
func TestReadersAskForValues(t *testing.T) {
	for _, test := range []struct {
		full bool
		ask  string
		want bool
	}{{false, "", false}, {false, "?answers=full", true}, {true, "", true}, {true, "?answers=top", false}} {
		fan := NewFan()
		fan.Full = test.full
		s := httptest.NewServer(fan)
		defer s.Close()
		r, err := http.Get(s.URL + test.ask)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		fan.Publish(Event{Run: "r", Answer: &Answer{Run: "r", Outputs: []Output{{Name: "y", Values: Numbers{1}}}}})
		fan.Close()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			if data, is := strings.CutPrefix(lines.Text(), "data: "); is && strings.Contains(data, `"values"`) != test.want {
				t.Errorf("full %t, %q: %s", test.full, test.ask, data)
			}
		}
	}
}

// What waits for a reader is not all made text at once.
func TestEventsAreToldOneAfterAnother(t *testing.T) {
	fan := NewFan()
	s, err := fan.Subscribe("", false)
	if err != nil {
		t.Fatal(err)
	}
	values := make(Numbers, 20_000) // two bytes each, as text
	for i := range uint64(20) {
		fan.Publish(Event{Run: "r", Answer: &Answer{Run: "r", ID: i, Outputs: []Output{{Name: "y", Values: values}}}})
	}
	told, largest := 0, 0
	if err := events(s, true, func(text []byte) error {
		told, largest = told+strings.Count(string(text), "event: answer"), max(largest, len(text))
		return nil
	}); err != nil || told != 20 || largest > 3*len(values) {
		t.Errorf("%d events, at most %d bytes at once; %v", told, largest, err)
	}
}
