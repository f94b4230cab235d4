package inject

import (
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]Fault{
		"kill slow 2 at 10s for 4s": {Kill, 2, 10 * time.Second, 4 * time.Second},
		"kill slow 1 at 1m30s":      {Kill, 1, 90 * time.Second, 0},
		"leave slow 3 at 2s for 1s": {Leave, 3, 2 * time.Second, time.Second},
		"leave slow 3 at 2s":        {Leave, 3, 2 * time.Second, 0},
		"join slow 3 at 2s":         {Join, 3, 2 * time.Second, 0},
	} {
		got, err := ParseFault(text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if again, err := ParseFault(got.String()); err != nil || again != want {
			t.Errorf("%q becomes %q: %v", text, got, err)
		}
	}
	for _, text := range []string{"", "kill", "kill slow", "kill fast 1 at 2s", "kill slow 0 at 2s", "kill slow one at 2s", "kill slow 1 at -2s",
		"kill slow 1 at 2s for", "kill slow 1 at 2s for 0s", "kill slow 1 at 2s for -1s", "kill slow 1 on 2s for 1s", "kill slow 1 at 2s until 1s",
		"stop slow 1 at 2s", "join slow 1 at 2s for 1s", "join fast 1 at 2s"} {
		if got, err := ParseFault(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// A node is away once at a time, and a run begins with one at least.
func TestCheck(t *testing.T) {
	if err := Check(nil, 0); err != nil { // of a node of another role
		t.Error(err)
	}
	for _, test := range []struct {
		faults []string
		is     bool
	}{
		{[]string{"kill slow 1 at 1s for 1s", "leave slow 1 at 2s"}, true},
		{[]string{"join slow 2 at 1s", "kill slow 2 at 1s for 1s"}, true},
		{[]string{"kill slow 1 at 1s", "kill slow 2 at 1s"}, true},
		{[]string{"kill slow 3 at 1s"}, false},
		{[]string{"kill slow 1 at 1s for 2s", "leave slow 1 at 2s"}, false},
		{[]string{"leave slow 1 at 3s", "kill slow 1 at 1s"}, false},
		{[]string{"join slow 2 at 2s", "kill slow 2 at 1s for 3s"}, false},
		{[]string{"join slow 2 at 1s", "join slow 2 at 2s"}, false},
		{[]string{"join slow 1 at 1s", "join slow 2 at 2s"}, false},
	} {
		var faults []Fault
		for _, text := range test.faults {
			f, err := ParseFault(text)
			if err != nil {
				t.Fatal(err)
			}
			faults = append(faults, f)
		}
		if err := Check(faults, 2); (err == nil) != test.is {
			t.Errorf("%q to two nodes: %v", test.faults, err)
		}
	}
}

// A process of one role has no slow nodes, and needs none as long as nothing shall happen to them.
func TestNothingHappensToNoNodes(t *testing.T) {
	if err := Check(nil, 0); err != nil {
		t.Error(err)
	}
	if err := Check([]Fault{{What: Join, Node: 1}}, 0); err == nil {
		t.Error("a node joins where there is none")
	}
}
