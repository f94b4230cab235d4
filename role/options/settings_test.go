package options

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// set gives settings in the order name, text, name, text, …
func set(pairs ...string) Given {
	g := Given{}
	for i := 0; i < len(pairs); i += 2 {
		g[pairs[i]] = append(g[pairs[i]], pairs[i+1])
	}
	return g
}

// A wrong setting is refused with its name, its value, and what is allowed.
func TestSettingsAreRefused(t *testing.T) {
	for _, test := range []struct {
		given Given
		says  string
	}{
		{set("next", "srv:_tandem.slow.example"), "use srv: and the name of SRV records, such as srv:_tandem._tcp.slow.example"},
		{set("next", "srv:_tandem._tcp.slow.example:1"), "use srv: and the name of SRV records"},
		{set("next", "dns::1"), "use dns:NAME:PORT"},
		{set("next", "dns:[::1]:1"), "use dns:NAME:PORT"},
		{set("next", "a:b:c"), "use host:port"},
		{set("next", "fast", "pipeline", "a b"), `--pipeline "a b": use a name of letters, digits, -, _ and .`},
		{set("next", "fast", "pipeline", strings.Repeat("x", 64)), "of 63 bytes at most"},
		{set("next", "fast", "newest", "maybe"), `--newest "maybe": use true or false`},
		{set("next", "fast", "strict", "maybe"), `--strict "maybe": use true or false`},
		{set("next", "fast", "strategy", "balace"), "did you mean balance?"},
		{set("next", "fast", "cut", "conv1"), `--cut "conv1": a client has no network, in which names could be looked up: use the index of a layer, 1 or more, or auto`},
		{set("next", "fast", "cut", "0"), "use the index of a layer, 1 or more"},
		{set("next", "fast", "cut", "auto", "cut", "4"), "--cut auto stands for all cuts: give it once, and no other"},
		{set("next", "fast", "cut", "auto", "strategy", "replicate"), "under replicate each node has the whole"},
		{set("role", "fast", "next", "slow", "end", "end", "cut", "auto"), "leave --cut out on the fast node"},
		{set("role", "end", "host", "http://pi"), `--host "http://pi": use a name alone, such as pi.example.org, without http:// and port`},
		{set("role", "end", "host", ""), "use a name alone"},
		{set("role", "", "fault", "kill fast 1 at 2s"), "is no fault"},
		{set("role", "", "cut", "auto"), "needs one strategy that cuts the network"},
		{set("next", "fast", "output", ""), `--output "": it is empty`},
		{set("next", "fast", "wait", "-1s"), "use a time of 0s or more, and at most 1000h, such as 30ms or 1m, or forever"},
		{set("next", "fast", "serve", ":8000", "frames", "5"), "--frames means nothing with --serve: frames come when they are asked for"},
		{set("next", "fast", "timeout", "1s"), "--timeout means nothing without --serve"},
	} {
		role, named := test.given["role"]
		switch {
		case !named:
			test.given["role"] = []string{string(Client)}
		case role[0] == "":
			delete(test.given, "role")
		}
		if _, err := test.given.Options(nil); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: %v, want %q", test.given, err, test.says)
		}
	}
}

// What is given becomes what a process goes by.
func TestSettingsAreTaken(t *testing.T) {
	o, err := set("role", "client", "next", "fast", "cut", "4", "cut", "9", "pipeline", "door-1", "wait", "forever", "strategy", "baseline").Options(nil)
	if err != nil {
		t.Fatal(err)
	}
	cuts, err := o.CutLayers()
	if err != nil || !slices.Equal(cuts, []int{4, 9}) || o.AutoCut() || !slices.Equal(o.Next, []string{"fast:12345"}) || o.Pipeline != "door-1" || o.Wait != Forever {
		t.Errorf("%+v, cuts %v, %v", o, cuts, err)
	}
	for next, want := range map[string]string{"srv:_tandem._tcp.slow.example": "srv:_tandem._tcp.slow.example", "dns:slow.pipeline.svc": "dns:slow.pipeline.svc:12345", "dns:80": "dns:80", "[fe80::1%eth0]": "[fe80::1%eth0]:12345"} {
		if o, err = set("role", "fast", "next", next, "end", "end").Options(nil); err != nil || o.Next[0] != want {
			t.Errorf("%s becomes %v: %v", next, o.Next, err)
		}
	}
	o, err = set("role", "client", "next", "fast", "cut", "auto", "strategy", "balance").Options(nil)
	if err != nil || !o.AutoCut() {
		t.Errorf("%v, %v", o.Cuts, err)
	}
	o, err = set("fault", "kill slow 1 at 1s for 1s", "fault", "leave slow 1 at 3s").Options(nil)
	if err != nil || len(o.Faults) != 2 || o.Faults[1].At != 3*time.Second {
		t.Errorf("%v, %v", o.Faults, err)
	}
	if _, err := set("cut", "auto", "strategy", "balance").Simulated(nil); err == nil || !strings.Contains(err.Error(), "means nothing for a simulation") {
		t.Errorf("simulated: %v", err)
	}
}

// In one process requests are served by balance on this machine as it is, unless told otherwise.
func TestServedInOneProcess(t *testing.T) {
	o, err := set("serve", ":8000").Options(nil)
	if err != nil || o.Strategy != Default(Fast).Strategy || o.Emulate.Name != Default(Fast).Emulate.Name || o.Frames != 0 || o.Interval != 0 {
		t.Errorf("%q, emulating %q, %d frames every %v: %v", o.Strategy, o.Emulate.Name, o.Frames, o.Interval, err)
	}
	o, err = set("serve", ":8000", "strategy", "takeover", "emulate", "pi3").Options(nil)
	if err != nil || o.Strategy != "takeover" || o.Emulate.Name != "pi3" {
		t.Errorf("%q, emulating %q: %v", o.Strategy, o.Emulate.Name, err)
	}
}

// Each node has chances of its own, which it has again where it stands in the same place.
func TestChances(t *testing.T) {
	local := Default(Slow)
	local.Seed = 7
	remote := local
	remote.Listen = "10.0.0.7:12345"
	everywhere := local
	everywhere.Listen = ":12345"
	fast := local
	fast.Role = Fast
	seeded := local
	seeded.Seed = 8
	seen := map[uint64]string{}
	for name, chances := range map[string]uint64{
		"the first": local.Chances(0), "the second": local.Chances(1), "at an address": remote.Chances(0),
		"of another role": fast.Chances(0), "with another seed": seeded.Chances(0),
	} {
		if other, is := seen[chances]; is {
			t.Errorf("%s has the chances of %s", name, other)
		}
		seen[chances] = name
	}
	if local.Chances(1) != local.Chances(1) || remote.Chances(0) != remote.Chances(0) || everywhere.Chances(0) != everywhere.Chances(0) {
		t.Error("a node in its place has others each time")
	}
}

// Several slips are all said at once.
func TestAllThatIsWrong(t *testing.T) {
	_, err := set("role", "slow", "next", "end", "queue", "0", "idle", "1ms", "drop", "none").Options(nil)
	for _, name := range []string{"--queue", "--idle", "--drop"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	if _, err := set("role", "slow", "next", "end", "results", "x").Options(nil); err == nil || !strings.Contains(err.Error(), "--results means nothing for the slow node") {
		t.Error(err)
	}
}
