package options

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mitchellh/go-wordwrap"
)

// columns is how wide a terminal is taken to be.
const columns = 80

// Help lists the settings by category, in 80 columns: those that a role takes, with its defaults; for Local, of whom every
// newcomer reads first, all of them.
func Help(r Role) string {
	var b strings.Builder
	category := ""
	for _, s := range Table() {
		if r != Local && !slices.Contains(s.Roles, r) {
			continue
		}
		if s.Category != category {
			category = s.Category
			fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(category))
		}
		name := "--" + s.Name
		if !s.Switch {
			name += " VALUE"
		}
		text := s.Usage
		if d := s.Default(r); d != "" {
			text += " (default: " + d + ")"
		}
		const indent = 6
		text = wordwrap.WrapString(text, columns-indent)
		fmt.Fprintf(&b, "  %s\n%*s%s\n", name, indent, "", strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", indent)))
	}
	return b.String()
}

// Default is what holds for a role where nothing is set, in words; empty: nothing does. A role that does not take the
// setting is shown what holds for the first that does.
func (s Setting) Default(r Role) string {
	if !slices.Contains(s.Roles, r) {
		r = s.Roles[0]
	}
	o := Default(r)
	return cmp.Or(s.Value(&o).String(), s.Unset)
}
