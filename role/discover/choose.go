package discover

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem/role/options"
)

// Want is whom a node looks for.
type Want struct {
	Role     options.Role
	Pipeline string
	Whatever bool   // where no pipeline is named, that of any name will do, if there is one
	Digest   string // of the model; empty: any
}

// The errors of choosing. They say who is there instead.
var (
	ErrNobody  = errors.New("nobody fits")
	ErrSeveral = errors.New("several fit")
)

// Fit returns those of the nodes that fit, one at least. One whose model is not known yet fits.
func (w Want) Fit(nodes []Node) (fit []Node, err error) {
	var pipelines, models []string // of those that don't
	for _, n := range nodes {
		switch {
		case n.Role != w.Role:
		case n.Pipeline != w.Pipeline && !(w.Pipeline == "" && w.Whatever):
			pipelines = append(pipelines, n.Pipeline)
		case w.Digest != "" && n.Digest != "" && n.Digest != w.Digest:
			models = append(models, n.Name+" has "+n.Model)
		default:
			fit = append(fit, n)
		}
	}
	if len(fit) > 0 {
		return fit, nil
	}
	of := ""
	if w.Pipeline != "" {
		of = " of pipeline " + w.Pipeline
	}
	err = fmt.Errorf("%w: no %s node%s has announced itself on this network", ErrNobody, string(w.Role), of)
	if others := unique(pipelines); len(others) > 0 {
		err = fmt.Errorf("%w; there are those of %s: %s", err, list(others), choose(others))
	}
	if len(models) > 0 {
		err = fmt.Errorf("%w; of other models: %s", err, strings.Join(models, ", "))
	}
	return nil, err
}

// One returns the node that fits, where there is a single one.
func (w Want) One(nodes []Node) (Node, error) {
	fit, err := w.Fit(nodes)
	if err != nil {
		return Node{}, err
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	var pipelines, names []string
	for _, n := range fit {
		pipelines, names = append(pipelines, n.Pipeline), append(names, n.Name+" on "+n.Host)
	}
	if of := unique(pipelines); len(of) > 1 {
		return Node{}, fmt.Errorf("%w: there are %s nodes of %s: %s", ErrSeveral, string(w.Role), list(of), choose(of))
	}
	return Node{}, fmt.Errorf("%w: there are %d %s nodes, %s: stop the others, or give all nodes of each pipeline a --pipeline NAME of their own",
		ErrSeveral, len(fit), string(w.Role), strings.Join(names, ", "))
}

func unique(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// list names pipelines.
func list(pipelines []string) string {
	var names []string
	for _, p := range pipelines {
		if p == "" {
			names = append(names, "the pipeline without a name")
		} else {
			names = append(names, "pipeline "+p)
		}
	}
	return strings.Join(names, " and ")
}

// choose says how to name one of them.
func choose(pipelines []string) string {
	for _, p := range pipelines {
		if p != "" {
			return "choose with --pipeline " + p
		}
	}
	return "leave out --pipeline to choose it"
}
