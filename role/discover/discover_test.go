package discover

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/role/mdns"
	"tandem/role/options"
)

// on makes nodes from texts such as "slow@door".
func on(texts ...string) (nodes []Node) {
	for _, t := range texts {
		role, pipeline, _ := strings.Cut(t, "@")
		nodes = append(nodes, Node{Name: t, Host: "pi", Role: options.Role(role), Pipeline: pipeline, Digest: "d", Model: "net"})
	}
	return nodes
}

func TestOne(t *testing.T) {
	for _, c := range []struct {
		want  Want
		nodes []Node
		found string
		err   error
		says  []string
	}{
		{Want{Role: options.End}, on("fast", "end", "slow"), "end", nil, nil},
		{Want{Role: options.End}, on("slow"), "", ErrNobody, []string{"no end node has announced itself"}},
		{Want{Role: options.End}, on("end", "end"), "", ErrSeveral, []string{"2 end nodes", "end on pi", "--pipeline NAME"}},
		{Want{Role: options.End}, on("end@door"), "", ErrNobody, []string{"pipeline door", "choose with --pipeline door"}},
		{Want{Role: options.End, Pipeline: "door"}, on("end", "end@door", "end@yard"), "end@door", nil, nil},
		{Want{Role: options.End, Pipeline: "gate"}, on("end"), "", ErrNobody, []string{"no end node of pipeline gate", "leave out --pipeline"}},
		{Want{Role: options.Fast, Whatever: true}, on("fast@door", "slow"), "fast@door", nil, nil},
		{Want{Role: options.Fast, Whatever: true}, on("fast@door", "fast@yard"), "", ErrSeveral, []string{"pipeline door and pipeline yard", "--pipeline door"}},
		{Want{Role: options.Slow, Digest: "other"}, on("slow"), "", ErrNobody, []string{"of other models: slow has net"}},
		{Want{Role: options.Slow, Digest: "d"}, on("slow"), "slow", nil, nil},
	} {
		n, err := c.want.One(c.nodes)
		if n.Name != c.found || !errors.Is(err, c.err) {
			t.Errorf("%+v: %q, %v", c.want, n.Name, err)
		}
		for _, text := range c.says {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%+v: error %v does not say %q", c.want, err, text)
			}
		}
	}
}

// What a node announces is what others read.
func TestAnnouncementIsRead(t *testing.T) {
	n := Node{Role: options.Slow, Host: "pi", Model: "net", Digest: strings.Repeat("d", 64), Layers: 12, Version: "v1", Pipeline: "door"}
	s := n.service(12345)
	n.Name, n.Address = s.Name, s.Host()+":12345"
	if got, is := parse(mdns.Found{Service: s, Host: s.Host()}); !is || got != n {
		t.Errorf("%+v, want %+v", got, n)
	}
}

// Anybody can announce anything.
func FuzzParse(f *testing.F) {
	f.Add("slow-1", "slow-1.local", uint16(12345), "role", "slow", "model", "\x1b[2J")
	f.Fuzz(func(t *testing.T, name, host string, port uint16, k1, v1, k2, v2 string) {
		n, is := parse(mdns.Found{Service: mdns.Service{Name: name, Port: port, Text: map[string]string{"role": "slow", k1: v1, k2: v2}}, Host: host})
		if !is {
			return
		}
		var table bytes.Buffer
		if err := print(&table, []Seen{{Node: n}}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(table.String(), "\x1b\r\x00") {
			t.Errorf("%q", table.String())
		}
	})
}

func TestTableFits(t *testing.T) {
	long := Seen{Node: Node{Name: "slow-123456", Role: "slow", Host: strings.Repeat("h", 40), Model: strings.Repeat("m", 40), Version: "v1.2.3-dirty-long", Pipeline: "door", Address: "a:1"}, Device: "Raspberry Pi 3B Plus", Load: 12.34}
	away := Seen{Node: Node{Name: "end-123456", Role: "end", Host: "pi", Version: "v2", Pipeline: "door", Address: "b:1"}, Error: "cannot be reached"}
	other := Seen{Node: Node{Name: "fast-123456", Role: "fast", Host: "pi", Version: "v9", Pipeline: "door"}}
	var to bytes.Buffer
	if err := print(&to, []Seen{long, away, other}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(to.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, text := range []string{"pipeline door\n", "end-123456 (pi, b:1) does not answer", "The versions differ: v1.2.3-dirty-long on slow-123456; v9 on fast-123456"} {
		if !strings.Contains(strings.ReplaceAll(to.String(), "\n", " ")+to.String(), text) {
			t.Errorf("it does not say %q:\n%s", text, to.String())
		}
	}
}
