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
