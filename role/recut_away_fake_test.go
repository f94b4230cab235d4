package role

import (
	"testing"
	"testing/synctest"
	"time"

	"tandem/role/options"
	"tandem/strategy"
)

// A slow node that is still announced, or named by DNS, and does not answer, as it hangs or its machine was unplugged, is not planned
// with, and holds up a run only for as long as a neighbour is asked.
func TestPlanDoesNotWaitForTheDead(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"unplugged": true, "hangs": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, dns := recutNodes(t, planned, ""), &directory{}
				s.cuts = []string{"auto"}
				end := s.add(options.End, "end", nil, "", nil)
				for _, name := range []string{"first", "second"} {
					s.add(options.Slow, name, []string{end}, "", nil)
					s.emulates("whole=100ms,load=100ms")
				}
				s.add(options.Fast, "fast", []string{"dns:slow.site:12345"}, end, nil)
				s.emulates("whole=100ms,load=100ms")
				second, fast := s.members[2], s.members[3]
				fast.names = dns
				dns.says(s.members[1].Listen, second.Listen)
				for _, m := range s.members {
					s.start(m)
				}
				e, err := strategy.Lookup("baseline")
				if err != nil {
					t.Fatal(err)
				}
				s.cfg.Interval = 100 * time.Millisecond
				opened := func(frames uint64) (took time.Duration, cut int) {
					began := time.Now()
					r, err := s.client(e, frames)
					if err != nil || r.Delivered != int64(frames) {
						t.Errorf("%d of %d frames have arrived: %v", r.Delivered, frames, err)
					}
					return time.Since(began) - time.Duration(frames)*s.cfg.Interval, r.Cut
				}
				_, two := opened(10)
				second.process.freeze(lost)
				took, one := opened(10)
				if took > 20*time.Second || one <= two {
					t.Errorf("the run waits for %v, and is cut at %d, at %d with both: %s", took, one, two, s.story.String())
				}
				second.process.thaw()
				s.stop()
			})
		})
	}
}
