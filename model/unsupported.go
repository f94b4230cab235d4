package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// supported refuses operators that are not in the table, all of them at once
// with the nodes that use them.
func supported(nodes []*onnx.Node) error {
	const most = 8 // nodes named for each operator
	type use struct {
		nodes []string
		more  int
	}
	uses := map[string]*use{}
	for _, n := range nodes {
		if known(n) {
			continue
		}
		name := clip(n.Op)
		if n.Domain != "" {
			name = clip(n.Domain) + "." + name
		}
		u := uses[name]
		if u == nil {
			u = new(use)
			uses[name] = u
		}
		if len(u.nodes) < most {
			u.nodes = append(u.nodes, nodeName(n))
		} else {
			u.more++
		}
	}
	if len(uses) == 0 {
		return nil
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		u := uses[name]
		where := strings.Join(u.nodes, ", ")
		if u.more > 0 {
			where += fmt.Sprintf(" and %d more", u.more)
		}
		unknown = append(unknown, fmt.Sprintf("%s (in %s)", name, where))
	}
	return fmt.Errorf("operators %w: %s (tandem inspect --operators lists those that are)", ErrUnsupported, strings.Join(unknown, ", "))
}

// known says that there is code for an operator.
func known(n *onnx.Node) bool {
	_, is := op.Table[n.Op]
	return n.Domain == "" && (is || n.Op == "If" || n.Op == "Loop")
}

// Operators lists the operators that are computed, by their names in ONNX.
func Operators() []string {
	all := append(slices.Collect(maps.Keys(op.Table)), "If", "Loop")
	slices.Sort(all)
	return all
}

// clip makes a name from a file fit for an error.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// nodeName is how a user finds the node: by name, or by what it gives.
func nodeName(n *onnx.Node) string {
	switch {
	case n.Name != "":
		return fmt.Sprintf("%q", clip(n.Name))
	case len(n.Outputs) > 0:
		return fmt.Sprintf("the node giving %q", clip(n.Outputs[0]))
	}
	return "a node without a name"
}

func label(n *onnx.Node) string { return fmt.Sprintf("%s %s", n.Op, nodeName(n)) }
