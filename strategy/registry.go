package strategy

import (
	"fmt"
	"slices"
	"strings"
)

// Params are what a run may set of its strategy. Each strategy reads those that it has.
type Params struct {
	Tasks   int     // frames that the fast node finishes after one switch, 1 or more
	Loading Loading // how a switch is made; empty: in the strategy's own way
}

// Entry is one strategy that a run can choose.
type Entry struct {
	Name    string
	Alias   string // its name in the study of 2018, if it has one there
	Summary string // one sentence for help and README

	// Tasks tells whether the strategy has the parameter of that name.
	Tasks bool
	// Keeps: frames that slow refuses, or does not answer, come back to fast instead of being gone. They are sent again, so
	// that each arrives at least once, and receivers deduplicate.
	Keeps bool
	// Whole: every node holds head and tail, and the client deals the frames to the nodes in turn.
	Whole bool

	// Loading is how the strategy makes a switch where a run does not say; empty: it makes none.
	Loading Loading

	New func(Params) Strategy // Start has the wanted way of loading too
}

// All returns every strategy, in the order in which tables show them.
func All() []Entry {
	return []Entry{
		{Name: "baseline", New: func(Params) Strategy { return baseline{} },
			Summary: "fast always forwards; what slow refuses is gone"},
		{Name: "takeover", Alias: "s1", Tasks: true, Loading: Blocking,
			New:     func(p Params) Strategy { return &takeover{burst{tasks: p.Tasks}} },
			Summary: "after an overload fast finishes the next `--tasks` frames itself and sends nothing to slow meanwhile"},
		{Name: "alternate", Alias: "s2", Tasks: true, Loading: Blocking,
			New:     func(p Params) Strategy { return &alternate{burst: burst{tasks: p.Tasks}} },
			Summary: "after an overload fast finishes `--tasks` frames itself and forwards one to slow after each"},
		{Name: "balance", Keeps: true, Loading: Background, New: func(Params) Strategy { return new(balance) },
			Summary: "fast finishes a frame if slow has enough queued to last meanwhile; nothing to tune"},
		{Name: "credit", Keeps: true, Loading: Background, New: func(Params) Strategy { return credit{} },
			Summary: "fast forwards as long as slow has places free, and finishes the other frames"},
		{Name: "replicate", Alias: "s3", Whole: true, New: func(Params) Strategy { return Finisher{} },
			Summary: "head and tail on both nodes; the client deals the frames to fast and slow in turn"},
	}
}

// Lookup finds a strategy by its name or alias.
func Lookup(name string) (Entry, error) {
	all := All()
	i := slices.IndexFunc(all, func(e Entry) bool { return name != "" && (e.Name == name || e.Alias == name) })
	if i < 0 {
		return Entry{}, fmt.Errorf("strategy %q is unknown: choose one of %s", name, strings.Join(Names(), ", "))
	}
	return all[i], nil
}

// Names returns every name, with its alias in brackets.
func Names() []string {
	var names []string
	for _, e := range All() {
		if e.Alias != "" {
			e.Name += " (" + e.Alias + ")"
		}
		names = append(names, e.Name)
	}
	return names
}

// Validate reports what is wrong with the parameters of this strategy.
func (e Entry) Validate(p Params) error {
	if e.Tasks && p.Tasks < 1 {
		return fmt.Errorf("tasks is %d: %s needs 1 or more", p.Tasks, e.Name)
	}
	if p.Loading != "" {
		_, err := ParseLoading(string(p.Loading))
		return err
	}
	return nil
}
