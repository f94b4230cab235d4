package inject

import (
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]Fault{
		"kill slow 2 at 10s for 4s": {2, 10 * time.Second, 4 * time.Second},
		"kill slow 1 at 1m30s":      {1, 90 * time.Second, 0},
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
		"kill slow 1 at 2s for", "kill slow 1 at 2s for 0s", "kill slow 1 at 2s for -1s", "kill slow 1 on 2s for 1s", "kill slow 1 at 2s until 1s"} {
		if got, err := ParseFault(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
