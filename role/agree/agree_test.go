package agree

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/options"
	"tandem/transport"
)

// nodes opens a network, and makes nodes with it: of a role, which so many take over from.
func nodes(t *testing.T) (net *model.Network, node func(r options.Role, below int) Node) {
	t.Helper()
	net, err := model.Open("../../model/testdata/digits_mlp.onnx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
	return net, func(r options.Role, below int) Node { return Node{Options: options.Default(r), Net: net, Below: below} }
}

// What a run leaves open is filled in: by fast, and by what the strategy needs.
func TestRunIsFilledIn(t *testing.T) {
	_, node := nodes(t)
	fast := node(options.Fast, 1)
	fast.Strategy, fast.Tasks, fast.Usual = "takeover", 7, []int{2}
	run, entry, held, err := fast.Run(pipeline.Run{ID: "r"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if run.Strategy != "takeover" || run.Tasks != 7 || run.Load != entry.Loading || run.Wire != transport.Float32 || !slices.Equal(run.Cuts, []int{2}) {
		t.Errorf("%+v", run)
	}
	if run.Digest != fast.Net.Digest() || run.Model != fast.Net.Name() || len(run.Outputs) != 1 || held.From != 0 || held.To != 2 {
		t.Errorf("%+v, layers %d to %d", run, held.From, held.To)
	}
	named := pipeline.Run{ID: "r", Strategy: "baseline", Tasks: 3, Cuts: []int{3}, Wire: transport.Float16}
	run, _, held, err = fast.Run(named, 0)
	if err != nil || run.Strategy != "baseline" || run.Tasks != 0 || run.Wire != transport.Float16 || held.To != 3 {
		t.Errorf("%+v, layers %d to %d: %v", run, held.From, held.To, err)
	}
}

// The layers of a node follow from the cuts and the one that is left to it; those it needs go on to where it may have to help.
func TestLayersOfNodes(t *testing.T) {
	net, node := nodes(t)
	layers := net.Len()
	for _, test := range []struct {
		name                    string
		node                    Node
		run                     pipeline.Run
		layer                   int
		from, to, needs, needed int
	}{
		{"fast", node(options.Fast, 1), pipeline.Run{Cuts: []int{2}}, 0, 0, 2, 0, layers},
		{"the last", node(options.Slow, 0), pipeline.Run{Cuts: []int{2}}, 2, 2, layers, 2, layers},
		{"in the middle", node(options.Slow, 2), pipeline.Run{Cuts: []int{2, 4}}, 2, 2, 4, 2, layers},
		{"one of replicate", node(options.Slow, 0), pipeline.Run{Strategy: "replicate", Cuts: []int{2}}, 2, 0, layers, 0, layers},
		{"the cuts move", node(options.Slow, 0), pipeline.Run{Cuts: []int{2}, Auto: true}, 2, 2, layers, 0, layers},
	} {
		if test.run.Strategy == "" {
			test.run.Strategy = "balance"
		}
		_, _, held, err := test.node.Run(test.run, test.layer)
		if err != nil || held.From != test.from || held.To != test.to {
			t.Errorf("%s: layers %d to %d, %v", test.name, held.From, held.To, err)
		}
		if from, to, err := test.node.Needs(test.run, test.layer); err != nil || from != test.needs || to != test.needed {
			t.Errorf("%s: it needs layers %d to %d, %v", test.name, from, to, err)
		}
	}
}

// A run that a node can't take part in is refused, with what is wrong on which node, and what to do.
func TestRunIsRefused(t *testing.T) {
	_, node := nodes(t)
	with := func(n Node, change func(*Node)) Node { change(&n); return n }
	pinned := func(cuts ...int) func(*Node) { return func(n *Node) { n.At = cuts } }
	for _, test := range []struct {
		name  string
		node  Node
		run   pipeline.Run
		layer int
		says  []string
	}{
		{"no strategy", node(options.Slow, 0), pipeline.Run{Cuts: []int{2}}, 2, []string{"it names no strategy", "open it on the fast node first"}},
		{"an unknown one", node(options.Fast, 1), pipeline.Run{Strategy: "magic"}, 0, []string{`"magic"`}},
		{"too many tasks", node(options.Fast, 1), pipeline.Run{Strategy: "takeover", Tasks: -1, Cuts: []int{2}}, 0, []string{"-1"}},
		{"another model", node(options.Slow, 0), pipeline.Run{Strategy: "balance", Model: "net.onnx", Digest: "chunks:1", Cuts: []int{2}}, 2,
			[]string{"it uses the model net.onnx (chunks:1), and this slow node has", "the same --model and --shape, or with the same --seed"}},
		{"no cut", node(options.Slow, 0), pipeline.Run{Strategy: "balance"}, 0, []string{"does not say where the network is cut", "give this slow node --cut"}},
		{"another cut", with(node(options.Fast, 1), pinned(3)), pipeline.Run{Strategy: "balance", Cuts: []int{2}}, 0, []string{"at 2, and this fast node at 3", "the same --cut"}},
		{"a cut behind the end", node(options.Fast, 1), pipeline.Run{Strategy: "balance", Cuts: []int{99}}, 0, []string{"at 99", "can be cut at 1 to", "correct --cut"}},
		{"nobody to hand over to", node(options.Slow, 0), pipeline.Run{Strategy: "balance", Cuts: []int{2, 4}}, 2, []string{"cuts the network at 2,4", "from layer 2 on, would have to hand over at 4", "--next", "--end"}},
		{"nothing to hand over", node(options.Slow, 1), pipeline.Run{Strategy: "balance", Cuts: []int{2}}, 2, []string{"nothing left to hand over to its --next", "one --cut more"}},
	} {
		test.run.ID = "r7"
		_, _, _, err := test.node.Run(test.run, test.layer)
		if !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for _, text := range append(test.says, "r7: ") {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v does not say %q", test.name, err, text)
			}
		}
	}
}
