package strategy

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of strategies into README.md")

// The README's table of strategies is that of the registry.
func TestREADMEListsEveryStrategy(t *testing.T) {
	const head, end = "| strategy | alias | what happens |\n| --- | --- | --- |\n", "<!-- end -->"
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	table := head
	for _, e := range All() {
		alias := ""
		if e.Alias != "" {
			alias = "`" + e.Alias + "` "
		}
		table += fmt.Sprintf("| `%s` | %s| %s |\n", e.Name, alias, e.Summary)
	}
	before, rest, begun := strings.Cut(string(readme), head)
	_, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatal("README.md has no table of strategies")
	}
	want := before + table + end + after
	switch {
	case want == string(readme):
	case !*update:
		t.Errorf("the table in README.md should be as follows; -update writes it\n%s", table)
	default:
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Error(err)
		}
	}
}
