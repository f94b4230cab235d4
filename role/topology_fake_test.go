package role

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/role/target"
)

// town has processes of all roles: a site that works, and what can be mistaken for a part of it.
//
//	fast ──▶ slow ──▶ end        other slow ──▶ other end        first ⇄ second (slow)
var town = map[string]string{
	"fast": "10.0.0.1:1", "slow": "10.0.0.2:1", "end": "10.0.0.3:1", "other slow": "10.0.0.4:1", "other end": "10.0.0.5:1",
	"first": "10.0.0.6:1", "second": "10.0.0.7:1", "new": "10.0.0.8:1", "nobody": "10.0.0.9:1",
}

// names are addresses in the town.
func names(of ...string) (addresses []string) {
	for _, name := range of {
		addresses = append(addresses, town[name])
	}
	return addresses
}

// settle starts a process in the town.
func settle(on *memoryNetwork, r options.Role, name, end string, cuts []string, next ...string) (*server, error) {
	c := quick()
	c.Threads, c.Idle, c.Wait, c.device = 1, time.Minute, time.Minute, &device.Device{}
	c.Role, c.Listen, c.Cuts, c.Next, c.End = r, town[name], cuts, names(next...), town[end]
	p := on.process(c.Listen)
	c.network = p
	return startNode(context.Background(), c, func(pipeline.Report) error { return nil })
}

// inTown plays in fake time, with all processes of the town.
func inTown(t *testing.T, play func(t *testing.T, on *memoryNetwork)) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryNetwork()
		var all []*server
		start := func(r options.Role, name, end string, next ...string) {
			s, err := settle(on, r, name, end, nil, next...)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		start(options.End, "end", "")
		start(options.End, "other end", "")
		start(options.Slow, "slow", "", "end")
		start(options.Slow, "other slow", "", "other end")
		start(options.Fast, "fast", "end", "slow")
		second := make(chan *server)
		go func() {
			s, _ := settle(on, options.Slow, "second", "end", nil, "first")
			second <- s
		}()
		start(options.Slow, "first", "end", "second")
		all = append(all, <-second)
		play(t, on)
		for _, s := range all {
			if err := s.stop(); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Second) // what is on the way arrives
	})
}

// refusedAtOnce checks that somebody was refused within a second, and was told the mend.
func refusedAtOnce(t *testing.T, took time.Duration, err error, says ...string) {
	t.Helper()
	if err == nil || took > time.Second {
		t.Errorf("after %v: %v", took, err)
		return
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %v: it does not say %q", err, text)
		}
	}
}

// A node whose --next or --end can't be what it has to be says so when it starts, at once, whoever else is missing.
func TestWrongNeighboursAreRefusedAtTheStart(t *testing.T) {
	const endThere, slowThere = "name the end node there", "name a slow node in --next, and the end node in --end of the fast node"
	for name, test := range map[string]struct {
		role options.Role
		end  string
		next []string
		says []string
	}{
		"slow's next is itself":              {options.Slow, "", []string{"new"}, []string{"--next " + town["new"], "it is this slow node itself", endThere}},
		"slow's next is slow":                {options.Slow, "", []string{"slow"}, []string{"--next " + town["slow"], "it is of role slow", endThere}},
		"slow's next is fast":                {options.Slow, "", []string{"fast"}, []string{"--next " + town["fast"], "it is of role fast", endThere}},
		"fast's next is itself":              {options.Fast, "end", []string{"new"}, []string{"--next " + town["new"], "it is this fast node itself", slowThere}},
		"fast's next is end":                 {options.Fast, "end", []string{"end"}, []string{"--next " + town["end"], "it is of role end", slowThere}},
		"fast's next is fast":                {options.Fast, "end", []string{"fast"}, []string{"--next " + town["fast"], "it is of role fast", slowThere}},
		"fast's end is slow":                 {options.Fast, "slow", []string{"slow"}, []string{"--end " + town["slow"], "it is of role slow", endThere}},
		"fast's end is itself":               {options.Fast, "new", []string{"slow"}, []string{"--end " + town["new"], "it is this fast node itself", endThere}},
		"one of fast's next is end":          {options.Fast, "end", []string{"slow", "end"}, []string{"--next " + town["end"], "it is of role end", slowThere}},
		"its next is end, and end missing":   {options.Fast, "nobody", []string{"end"}, []string{"--next " + town["end"], "it is of role end"}},
		"its end is slow, and next missing":  {options.Fast, "slow", []string{"nobody"}, []string{"--end " + town["slow"], "it is of role slow"}},
		"a next is end, another one missing": {options.Fast, "end", []string{"nobody", "end"}, []string{"--next " + town["end"], "it is of role end"}},
		"a chain's next is end":              {options.Slow, "end", []string{"end"}, []string{"--next " + town["end"], "it is of role end", slowThere}},
		"a chain's next is itself":           {options.Slow, "end", []string{"new"}, []string{"--next " + town["new"], "it is this slow node itself", slowThere}},
		"a chain's end is fast":              {options.Slow, "fast", []string{"slow"}, []string{"--end " + town["fast"], "it is of role fast", endThere}},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(t *testing.T, on *memoryNetwork) {
				began := time.Now()
				s, err := settle(on, test.role, "new", test.end, nil, test.next...)
				refusedAtOnce(t, time.Since(began), err, test.says...)
				if !errors.Is(err, target.ErrWrong) {
					t.Errorf("error %v", err)
				}
				if err == nil {
					_ = s.stop()
				}
			})
		})
	}
}

// What only a run shows is refused when that is opened; so is a client that asks the wrong node.
func TestWrongNeighboursAreRefusedAtTheOpening(t *testing.T) {
	for name, test := range map[string]struct {
		strategy string
		next     []string // of the client
		fast     []string // next of a new fast node
		cuts     []string
		says     []string
	}{
		"the client's next is slow":   {"baseline", []string{"slow"}, nil, nil, []string{"--next " + town["slow"], "it is of role slow", "name the fast node"}},
		"the client's next is end":    {"baseline", []string{"end"}, nil, nil, []string{"--next " + town["end"], "it is of role end", "name the fast node"}},
		"slow stands before fast":     {"replicate", []string{"slow", "fast"}, nil, nil, []string{"--next " + town["slow"], "it is of role slow", "name the fast node"}},
		"end stands beside fast":      {"replicate", []string{"fast", "end"}, nil, nil, []string{"--next " + town["end"], "it is of role end", "name a slow node in --next"}},
		"another site's slow":         {"replicate", []string{"fast", "other slow"}, nil, nil, []string{"--next " + town["other slow"], "another end node", "give all the same"}},
		"fast's slow has its own end": {"baseline", []string{"new"}, []string{"other slow"}, nil, []string{"another end node than that of fast", "give both the same --end"}},
		"one of two has its own end":  {"balance", []string{"new"}, []string{"slow", "other slow"}, nil, []string{"slow (" + town["other slow"] + ") reach another end node", "give both the same --end"}},
		"two slow nodes in a circle":  {"baseline", []string{"new"}, []string{"first"}, []string{"1", "2", "3"}, []string{"leads in a circle", "correct --next on one of them"}},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(t *testing.T, on *memoryNetwork) {
				if test.fast != nil {
					s, err := settle(on, options.Fast, "new", "end", test.cuts, test.fast...)
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = s.stop() }()
				}
				c := quick()
				c.Role, c.Strategy, c.Frames, c.Next, c.Wait, c.device = options.Client, test.strategy, 3, names(test.next...), time.Minute, &device.Device{}
				p := on.process("10.0.0.100:1")
				defer p.kill(false)
				c.network = p
				began := time.Now()
				_, err := play(context.Background(), c)
				refusedAtOnce(t, time.Since(began), err, test.says...)
			})
		})
	}
}
