package strategy

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The README's table of strategies is that of the registry.
func TestREADMEListsEveryStrategy(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, e := range All() {
		alias := ""
		if e.Alias != "" {
			alias = "`" + e.Alias + "` "
		}
		fmt.Fprintf(&table, "| `%s` | %s| %s |\n", e.Name, alias, e.Summary)
	}
	if !strings.Contains(string(readme), table.String()) {
		t.Errorf("the table in the README should be\n%s", table.String())
	}
}
