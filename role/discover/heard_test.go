package discover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"tandem/pipeline"
	"tandem/role/mdns"
	"tandem/role/options"
	"tandem/transport"
)

// announced is what others hear of a node.
func announced(name, host string) mdns.Found {
	return mdns.Found{Service: mdns.Service{Name: name, Port: 12345, Text: map[string]string{"role": "slow", "host": host}}, Host: name + ".local."}
}

func deaf() *Network { return &Network{seen: map[string]sighting{}, hosts: map[string]string{}} }

// A node counts as there for a minute after it was heard: multicast gets lost. Its host is known for longer, as its certificate is
// asked for that.
func TestNodesAreRemembered(t *testing.T) {
	n, began := deaf(), time.Unix(0, 0)
	names := func(nodes []Node) (all []string) {
		for _, node := range nodes {
			all = append(all, node.Name)
		}
		return all
	}
	for _, step := range []struct {
		after time.Duration
		found []mdns.Found
		want  []string
	}{
		{0, []mdns.Found{announced("slow-2", "yard"), announced("slow-1", "door"), announced("Not Ours", "x")}, []string{"slow-1", "slow-2"}},
		{50 * time.Second, []mdns.Found{announced("slow-2", "yard")}, []string{"slow-1", "slow-2"}},
		{time.Minute, nil, []string{"slow-1", "slow-2"}},
		{61 * time.Second, nil, []string{"slow-2"}},
		{2 * time.Minute, nil, nil},
		{3 * time.Minute, []mdns.Found{announced("slow-1", "gate")}, []string{"slow-1"}},
	} {
		if got := names(n.heard(step.found, began.Add(step.after))); !slices.Equal(got, step.want) {
			t.Errorf("after %v: %v, want %v", step.after, got, step.want)
		}
	}
	for address, want := range map[string]string{"slow-1.local:12345": "gate", "slow-2.local:12345": "yard", "slow-3.local:12345": ""} {
		if got := n.ServerName(address); got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
	var none *Network
	if none.ServerName("slow-1.local:12345") != "" || none.Close() != nil {
		t.Error("a process that looks for nobody knows somebody")
	}
}

// Whoever announces ever new nodes fills no memory, and known ones still move.
func TestHostsAreBounded(t *testing.T) {
	n := deaf()
	n.heard([]mdns.Found{announced("slow-1", "before")}, time.Unix(0, 0))
	for i := range mostHosts + 10 {
		n.heard([]mdns.Found{announced(fmt.Sprintf("slow-x%d", i), "x")}, time.Unix(int64(i)*61, 0))
	}
	n.heard([]mdns.Found{announced("slow-1", "after")}, time.Unix(0, 0))
	if len(n.hosts) != mostHosts || n.ServerName("slow-1.local:12345") != "after" {
		t.Errorf("%d hosts, slow-1 is %q", len(n.hosts), n.ServerName("slow-1.local:12345"))
	}
}

// What others can't reach is not announced.
func TestAnnounces(t *testing.T) {
	for at, want := range map[net.Addr]bool{
		&net.TCPAddr{IP: net.IPv4zero, Port: 1}:             true,
		&net.TCPAddr{IP: net.IPv4(192, 168, 1, 7), Port: 1}: true,
		&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}:   false,
		&net.TCPAddr{IP: net.IPv6loopback, Port: 1}:         false,
		&net.UnixAddr{Name: "x"}:                            false,
	} {
		if Announces(at) != want {
			t.Errorf("%v is announced: %v", at, !want)
		}
	}
}

// What a node says of itself has more weight than what was announced, but for a model that it does not have yet; one that does not
// answer is shown with the reason.
func TestAskedNodes(t *testing.T) {
	n := Node{Name: "slow-1", Address: "slow-1.local:12345", Role: options.Slow, Model: "old.onnx", Digest: "o", Layers: 3, Version: "v1"}
	says := func(d transport.Description, err error) Seen {
		return ask(t.Context(), n, func(context.Context) (transport.Description, error) { return d, err })
	}
	s := says(transport.Description{Role: "end", Version: "v2", Device: "Pi 5", Load: 0.5}, nil)
	if s.Role != options.End || s.Version != "v2" || s.Device != "Pi 5" || s.Load != 0.5 || s.Model != "old.onnx" || s.Error != "" {
		t.Errorf("%+v", s)
	}
	s = says(transport.Description{Role: "slow", Model: "net.onnx", Digest: "d", Layers: 9}, nil)
	if s.Model != "net.onnx" || s.Digest != "d" || s.Layers != 9 {
		t.Errorf("%+v", s)
	}
	s = says(transport.Description{}, fmt.Errorf("%s %w", n.Address, pipeline.ErrUnreachable))
	if s.Error != pipeline.ErrUnreachable.Error() || s.Version != "v1" || s.Node != n {
		t.Errorf("%+v", s)
	}
}

// Without a node the table says so, and one of another pipeline is named as it has to be typed.
func TestNobodyIsShown(t *testing.T) {
	var out bytes.Buffer
	if err := print(&out, nil); err != nil || !strings.Contains(out.String(), "No node announces itself") {
		t.Errorf("%q, %v", out.String(), err)
	}
	_, err := Want{Role: options.End, Pipeline: "gate"}.One(on("end", "end@yard"))
	if !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), "the pipeline without a name and pipeline yard: choose with --pipeline yard") {
		t.Error(err)
	}
}

// What is wrong on the command line is said before anybody is looked for.
func TestNodesRefuses(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"slow"}, 2, "takes flags alone: slow is too much"},
		{[]string{"--pipeline", "a b"}, 2, "use a name of letters, digits"},
		{[]string{"--max-body", "1"}, 2, "--max-body"},
		{[]string{"--key", "/no/such/key"}, 0, "/no/such/key"},
	} {
		var out bytes.Buffer
		app := &cli.App{Commands: []*cli.Command{Command(&out)}, ExitErrHandler: func(*cli.Context, error) {}}
		err := app.Run(append([]string{"tandem", "nodes"}, test.args...))
		var exit cli.ExitCoder
		if err == nil || !strings.Contains(err.Error(), test.says) || errors.As(err, &exit) != (test.code != 0) || exit != nil && exit.ExitCode() != test.code || out.Len() > 0 {
			t.Errorf("%v: %v, %q", test.args, err, out.String())
		}
	}
}
