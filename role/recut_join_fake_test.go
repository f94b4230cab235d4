package role

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/role/options"
)

// directory is what DNS says of the one name in --next.
type directory struct {
	mu    sync.Mutex
	nodes []string
}

func (d *directory) Members(context.Context, string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.nodes), nil
}

func (d *directory) says(nodes ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nodes = nodes
}

// A slow node that DNS names in mid-run gets frames, is measured, and the run is cut anew for it. One that leaves for good, as DNS
// does not name it any more or as its power is cut, moves the cut back. Nothing is lost but what is taken with the power.
func TestCutMovesWithWhatDNSSays(t *testing.T) {
	t.Parallel()
	const device = "whole=100ms,load=100ms"
	for name, leaves := range map[string]func(*fakeSite, *directory, *member){
		"leaves by DNS": func(s *fakeSite, dns *directory, _ *member) { dns.says(s.members[2].Listen) },
		"dies":          func(s *fakeSite, _ *directory, first *member) { s.dies(first) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name == "dies" {
				t.Skip("a minute of a run, once is enough for the race detector")
			}
			synctest.Test(t, func(t *testing.T) {
				s, dns := recutNodes(t, planned, ""), &directory{}
				s.cuts = []string{"auto"}
				end := s.add(options.End, "end", nil, "", nil)
				for _, name := range []string{"first", "second"} {
					s.add(options.Slow, name, []string{end}, "", nil)
					s.emulates(device)
				}
				first, second := s.members[1], s.members[2]
				s.add(options.Fast, "fast", []string{"dns:slow.site:12345"}, end, nil)
				s.emulates(device)
				fast := s.members[3]
				fast.names = dns
				dns.says(first.Listen)
				for _, m := range []*member{s.members[0], first, fast} {
					s.start(m)
				}
				s.ended.Go(func() {
					time.Sleep(10 * time.Second)
					s.start(second)
					dns.says(first.Listen, second.Listen)
					time.Sleep(25 * time.Second)
					leaves(s, dns, first)
				})
				r, delivered := s.history("baseline", 35*time.Millisecond, 60*time.Second)
				if r.Unaccounted != 0 || name != "dies" && r.Died != 0 || len(r.Recuts) != 2 {
					t.Fatalf("%+v, %d unaccounted, %d died: %s", r.Recuts, r.Unaccounted, r.Died, s.story.String())
				}
				joined, left := r.Recuts[0], r.Recuts[1]
				if !strings.Contains(joined.Why, second.Listen+") has joined") || joined.AtS > 25 || !strings.Contains(left.Why, first.Listen+") has left") || left.AtS > 50 || !slices.Equal(left.Cuts, joined.Was) {
					t.Errorf("%+v: %s", r.Recuts, s.story.String())
				}
				one, two, again := rate(delivered, 3, 9), rate(delivered, int(joined.AtS)+3, 33), rate(delivered, int(left.AtS)+3, 58)
				if two < 1.2*one || again < 0.95*one {
					t.Errorf("%.2f f/s with one slow node, %.2f with two, %.2f with the other one: %s", one, two, again, s.story.String())
				}
			})
		})
	}
}
