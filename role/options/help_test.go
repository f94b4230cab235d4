package options

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Help has what a role takes with its own defaults, and for newcomers all there is, in 80 columns.
func TestHelp(t *testing.T) {
	o := Default(Local)
	for _, r := range append(Roles, Local) {
		help := Help(r)
		for _, s := range Table(&o) {
			there := strings.Contains(help, "  --"+s.Name+" VALUE\n") || strings.Contains(help, "  --"+s.Name+"\n")
			if want := r == Local || slices.Contains(s.Roles, r); there != want {
				t.Errorf("%s: --%s is there or missing wrongly", r, s.Name)
			}
		}
		for line := range strings.Lines(help) {
			if n := utf8.RuneCountInString(line) - 1; n > columns {
				t.Errorf("%s: %d columns: %s", r, n, line)
			}
		}
	}
	if help := Help(Fast); !strings.Contains(help, "(default: balance)") || !strings.Contains(help, "\nTHE NETWORK\n") {
		t.Errorf("fast's strategy or the headings are missing:\n%s", help)
	}
}

// What is nearly a flag is answered with the right one; what was one, with what it has become.
func TestSuggestFlag(t *testing.T) {
	for name, says := range map[string]string{"quee": "--queue", "max_age": "--max-age", "mean": "--preprocess", "emulate-slow": "--emulate"} {
		if got := SuggestFlag(name); !strings.Contains(got, says) {
			t.Errorf("--%s: %q, want %s", name, got, says)
		}
	}
	if got := SuggestFlag("xyzzy"); got != "" {
		t.Errorf("%q", got)
	}
}
