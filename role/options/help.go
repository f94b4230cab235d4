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
// newcomer reads first, all of them, where one that it does not take is shown as the first role that does has it.
func Help(r Role) string {
	var b strings.Builder
	heading := ""
	o := Default(r)
	for i, s := range Table(&o) {
		heading = cmp.Or(s.Heading, heading)
		if !slices.Contains(s.Roles, r) {
			if r != Local {
				continue
			}
			other := Default(s.Roles[0])
			s = Table(&other)[i]
		}
		if heading != "" {
			fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(heading))
			heading = ""
		}
		name := "--" + s.Name
		if !s.Switch {
			name += " VALUE"
		}
		text := s.Usage
		if d := cmp.Or(s.Value.String(), s.Unset); d != "" {
			text += " (default: " + d + ")"
		}
		const indent = "      "
		text = wordwrap.WrapString(text, columns-uint(len(indent)))
		fmt.Fprintf(&b, "  %s\n%s%s\n", name, indent, strings.ReplaceAll(text, "\n", "\n"+indent))
	}
	return b.String()
}
