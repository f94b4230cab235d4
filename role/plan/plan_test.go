package plan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/strategy/placement"
	"tandem/transport"
)

const digits = "../../model/testdata/digits_mlp.onnx"

func openDigits(t *testing.T) *model.Network {
	t.Helper()
	net, err := model.Open(digits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
	return net
}

// fleetOf are nodes that have answered: each takes so long for each layer.
func fleetOf(net *model.Network, takes ...time.Duration) (fleet []node) {
	for i, layer := range takes {
		address := fmt.Sprintf("%c:12345", 'a'+i)
		fleet = append(fleet, node{
			client:      transport.NewClient(address, transport.Limits{}, nil),
			Description: transport.Description{Name: "slow-" + address, Role: "slow", Version: "v1", Model: net.Name()},
			Calibration: transport.Calibration{Digest: net.Digest(), Layers: slices.Repeat([]time.Duration{layer}, net.Len()), Memory: 1 << 30},
			Way:         transport.Way{RoundTrip: 2 * time.Millisecond, There: 1e7, Back: 1.25e7},
		})
	}
	return fleet
}

var forRate = terms{Goal: placement.Goal{Help: true}, strategy: "balance", wire: transport.Float16}

// A plan says who begins, who takes over, what that takes, and what has to be typed for it.
func TestPlanOfAFleet(t *testing.T) {
	net := openDigits(t)
	fleet := fleetOf(net, 4*time.Millisecond, 4*time.Millisecond)
	fleet[1].Version = "v2"
	p, err := find(net, fleet, forRate)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Nodes) != 2 || len(p.Cuts) != 1 || p.Nodes[0].Role != "fast" || p.Nodes[1].Role != "slow" || p.Nodes[0].To != p.Cuts[0] || p.Nodes[1].From != p.Cuts[0] || p.Nodes[1].To != net.Len() {
		t.Fatalf("%+v", p)
	}
	if want := 4 * float64(p.Cuts[0]); p.Nodes[0].TakesMS != want || p.Nodes[0].Weights != net.Bytes(0, p.Cuts[0]) || p.Nodes[0].SendsMbit != 100 || p.Nodes[0].TripMS != 2 {
		t.Errorf("%+v takes not %v ms", p.Nodes[0], want)
	}
	if best := 1000 / (4 * float64(net.Len())); p.Rate <= best || p.Rate > 2*best {
		t.Errorf("%.1f f/s of two nodes, and %.1f of one", p.Rate, best)
	}
	var out bytes.Buffer
	p.print(&out)
	if err := p.printCommands(&out, "net.onnx", "end.local"); err != nil {
		t.Fatal(err)
	}
	first, second := p.Nodes[0].Address, p.Nodes[1].Address
	for _, text := range []string{
		"the highest rate", "with --strategy balance", "has version v", "copy the same tandem to all",
		"end.local: tandem --role end\n",
		second + ": tandem --role slow --model net.onnx --next end.local\n",
		fmt.Sprintf("%s: tandem --role fast --model net.onnx --next %s --end end.local --cut %d --strategy balance --wire float16\n", first, second, p.Cuts[0]),
		"client: tandem --role client --next " + first + "\n",
	} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q is missing in:\n%s", text, out.String())
		}
	}
	_, table, _ := strings.Cut(out.String(), "\n\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table + "\n") {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// A node that only makes frames later has no part in a plan for the shortest way.
func TestPlanLeavesNodesOut(t *testing.T) {
	net := openDigits(t)
	t2 := forRate
	t2.Latency = true
	p, err := find(net, fleetOf(net, time.Millisecond, time.Millisecond, time.Second), t2)
	if err != nil {
		t.Fatal(err)
	}
	if p.For != Latency || len(p.Unused) == 0 || !slices.ContainsFunc(p.Unused, func(n Node) bool { return n.Address == "c:12345" }) {
		t.Errorf("%+v", p)
	}
	var out bytes.Buffer
	if p.print(&out); !strings.Contains(out.String(), "the shortest way") || !strings.Contains(out.String(), "c:12345                 -  ") {
		t.Error(out.String())
	}
}

// A pipeline that stands keeps its order, and a node that nobody hands over to is named.
func TestPlanOfAPipelineThatStands(t *testing.T) {
	net := openDigits(t)
	fleet := fleetOf(net, 9*time.Millisecond, time.Millisecond, time.Millisecond)
	s := transport.Survey{Digest: net.Digest()}
	s.Sizes, s.Weights = sizes(net)
	for i, n := range fleet[:2] {
		role := []string{"fast", "slow"}[i]
		s.Sites = append(s.Sites, transport.Site{
			NodeID: pipeline.NodeID{Role: role, Address: n.client.Address()}, Name: n.Name, Stage: i, Layers: n.Calibration.Layers, Measured: true, Way: n.Way,
		})
	}
	p, err := ordered(net, s, fleet, forRate)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Nodes) != 2 || p.Nodes[0].Address != "a:12345" || p.Nodes[0].Version != "v1" || p.Cuts[0] >= net.Len()/2+1 {
		t.Errorf("%+v", p)
	}
	if len(p.Unused) != 1 || len(p.Notes) != 1 || p.Notes[0] != "nobody hands over to c:12345: name it in the --next of the node before it" {
		t.Errorf("%v, %q", p.Unused, p.Notes)
	}
}

// Nodes that can't work together on the network are all named at once.
func TestFleetThatDoesNotSuit(t *testing.T) {
	net := openDigits(t)
	fleet := fleetOf(net, 1, 1, 1)
	if err := suits(fleet, net.Digest(), net.Len()); err != nil {
		t.Error(err)
	}
	fleet[1].Name, fleet[2].Calibration.Digest = fleet[0].Name, "chunks:other"
	err := suits(fleet, net.Digest(), net.Len())
	for _, text := range []string{"a:12345 and b:12345 are the same node: name it once", "c:12345 has the model", "(chunks:other), and the plan is for " + net.Digest(), "the same --model and --shape"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not say %q", err, text)
		}
	}
}

// A node says what its layers take: reckoned of the device that it emulates, or why it can't.
func TestCalibrator(t *testing.T) {
	net, built := openDigits(t), make(chan struct{})
	c := &Calibrator{Built: built, Threads: 1, Busy: func() string { return "r7" }, Cut: []int{2}}
	starting, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.Calibrate(starting); !errors.Is(err, context.Canceled) {
		t.Errorf("while it starts: %v", err)
	}
	close(built)
	refused := func(want error, says string) {
		t.Helper()
		if _, err := c.Calibrate(t.Context()); !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	refused(pipeline.ErrInvalidRun, "an end node computes no layers: ask fast and slow nodes")
	c.Net = func() *model.Network { return nil }
	refused(pipeline.ErrInvalidRun, "give it --model")
	c.Net = func() *model.Network { return net }
	refused(pipeline.ErrBusy, "with run r7: its layers are measured when the run is over")
	c.Emulate = device.Emulation{Name: "test", Head: device.Always(4 * time.Millisecond), Tail: device.Always(42 * time.Millisecond)}
	k, err := c.Calibrate(t.Context())
	if err != nil || k.Emulate != "test" || k.Digest != net.Digest() || len(k.Layers) != net.Len() {
		t.Fatalf("%+v, %v", k, err)
	}
	var head, tail time.Duration
	for i, l := range k.Layers {
		if i < 2 {
			head += l
		} else {
			tail += l
		}
	}
	if head.Round(time.Microsecond) != 4*time.Millisecond || tail.Round(time.Microsecond) != 42*time.Millisecond {
		t.Errorf("head %v, tail %v", head, tail)
	}
}

// Nodes that are not there are in no stage, and those that are slower take longer; where too many tensors are alive there is no cut.
func TestPlaces(t *testing.T) {
	s := transport.Survey{Sizes: []int{64, 0, 10}, Weights: []int64{100, 200}}
	for i, name := range []string{"a", "b", "c"} {
		s.Sites = append(s.Sites, transport.Site{NodeID: pipeline.NodeID{Address: name}, Stage: min(i, 1), Layers: []time.Duration{10, 20}, Memory: 7, Way: transport.Way{RoundTrip: 4, There: 5, Back: 6}})
	}
	network, devices, stages := Places(s, transport.Float16, func(id pipeline.NodeID) (float64, bool) { return 2, id.Address != "b" })
	if len(devices) != 2 || !slices.Equal(stages[0], []int{0}) || !slices.Equal(stages[1], []int{1}) || devices[1].Name != "c" {
		t.Errorf("%+v in %v", devices, stages)
	}
	if d := devices[1]; !slices.Equal(d.Layers, []time.Duration{20, 40}) || d.Memory != 7 || d.Link != (placement.Link{Send: 6, Receive: 5, Delay: 2}) {
		t.Errorf("%+v", d)
	}
	if b := network.Bytes; b[0] <= 2*64 || b[0] >= 4*64 || b[1] != -1 || b[2] <= 4*10 { // results are exact
		t.Errorf("%v bytes", b)
	}
}

// What is wrong on the command line is said before any node is asked.
func TestPlanRefuses(t *testing.T) {
	for _, test := range []struct {
		args []string
		says []string
	}{
		{nil, []string{"--nodes names 0: a pipeline has two nodes at least, as in --nodes a.local,b.local"}},
		{[]string{"--nodes", "a,b", "x.onnx", "y.onnx"}, []string{`plan takes one file: "y.onnx" is too much`}},
		{[]string{"--nodes", "a,b:x"}, []string{`--nodes "b:x": use host:port`}},
		{[]string{"--nodes", "a,b", "--for", "fun"}, []string{`--for "fun": use rate or latency`}},
		{[]string{"--nodes", "a,b", "--offered", "-1"}, []string{"--offered -1: use 0 to 1000000 frames a second"}},
		{[]string{"--nodes", "a,b", "--offered", "5"}, []string{"--offered 5: it is for --for latency"}},
		{[]string{"--nodes", "a,b", "--format", "csv"}, []string{"--format csv: use table or json"}},
		{[]string{"--nodes", "a,b", "--strategy", "magic", "--wire", "x"}, []string{`--strategy "magic"`, `--wire "x": use one of float32, float16, int8`}},
		{[]string{"--nodes", "a,b", "--frames", "5"}, []string{"--frames is for a run, which --apply plays: give that too"}},
		{[]string{"--nodes", "a,b", "--apply", "--interval", "x"}, []string{`--interval "x"`}},
	} {
		var out bytes.Buffer
		play := func(context.Context, options.Options) error { t.Error("a run is played"); return nil }
		app := &cli.App{Commands: []*cli.Command{Command("v1", &out, &out, play)}, ExitErrHandler: func(*cli.Context, error) {}}
		err := app.Run(append([]string{"tandem", "plan"}, test.args...))
		var exit cli.ExitCoder
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || out.Len() > 0 {
			t.Errorf("%v: %v, %q", test.args, err, out.String())
		}
		for _, text := range test.says {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v: %v, want %q", test.args, err, text)
			}
		}
	}
}

// A plan gives a device that is too small for the network what fits, and says which one it is.
func TestPlanForASmallDevice(t *testing.T) {
	net := model.Default(1)
	at := func(address string, memory int64) node {
		return node{
			client:      transport.NewClient(address, transport.Limits{Window: 1, MaxBody: 1 << 20}, nil),
			Description: transport.Description{Name: address},
			Calibration: transport.Calibration{Layers: []time.Duration{time.Millisecond, 20 * time.Millisecond}, Memory: memory},
		}
	}
	p, err := find(net, []node{at("large:1", 1<<30), at("small:1", net.Bytes(0, 1))}, terms{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Nodes[0].Address != "small:1" || p.Nodes[1].Address != "large:1" || len(p.Notes) != 1 || !strings.HasPrefix(p.Notes[0], "small:1 is too small") {
		t.Errorf("%+v", p)
	}
}
