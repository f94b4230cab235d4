package role

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport/link"
)

// recutNodes is a site for a network, over links of a shape, without nodes.
func recutNodes(t *testing.T, network, shape string) *fakeSite {
	s := &fakeSite{t: t, on: newMemoryNetwork(), cfg: quickSite()}
	s.cfg.Log, s.cfg.Model, s.cfg.Queue = zerolog.New(s), network, 10
	var err error
	if s.cfg.Link, err = link.Parse(cmp.Or(shape, "off")); err != nil {
		t.Fatal(err)
	}
	return s
}

// recutSite starts a chain of emulated devices, or where slow has several, these behind one fast node.
func recutSite(t *testing.T, network, shape, fast string, slow ...[]string) *fakeSite {
	s := recutNodes(t, network, shape)
	end := s.add(options.End, "end", nil, "", nil)
	next := []string{end}
	for level, devices := range slices.Backward(slow) {
		way := end
		if level == len(slow)-1 {
			way = ""
		}
		var these []string
		for i, d := range devices {
			these = append(these, s.add(options.Slow, fmt.Sprintf("slow%d.%d", level, i), next, way, nil))
			s.emulates(d)
		}
		next = these
	}
	s.add(options.Fast, "fast", next, end, nil)
	s.emulates(fast)
	for _, m := range s.members {
		s.start(m)
	}
	return s
}

// emulates gives the node that was added last a device.
func (s *fakeSite) emulates(text string) {
	e, err := device.ParseEmulation(text)
	if err != nil {
		s.t.Fatal(err)
	}
	s.members[len(s.members)-1].Emulate = e
}

// history plays a run, and returns what end knew each second.
func (s *fakeSite) history(name string, interval, lasts time.Duration) (pipeline.Report, []int64) {
	e, err := strategy.Lookup(name)
	if err != nil {
		s.t.Fatal(err)
	}
	s.cfg.Interval = interval
	delivered := make(chan []int64, 1)
	over := make(chan struct{})
	go func() {
		var all []int64
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if n, in := received(s.members[0].server); in != nil {
					all = append(all, n)
				}
			case <-over:
				delivered <- all
				return
			}
		}
	}()
	r, err := s.client(e, uint64(lasts/interval))
	close(over)
	if err != nil {
		s.t.Errorf("the run ends with %v", err)
	}
	all := <-delivered
	s.stop()
	return r, all
}

// rate is that of results between two seconds of a run.
func rate(delivered []int64, from, to int) float64 {
	return float64(delivered[to]-delivered[from]) / float64(to-from)
}

// changing is a fleet of which one device becomes slower, or faster, in mid-run.
type changing struct {
	network  string
	strategy string
	interval time.Duration
	takes    [][]time.Duration // of the whole network, for each device of each stage
	stage, i int               // of the device that changes
	factor   float64
	link     string
}

const (
	changes = 20 // seconds after the opening
	back    = changes + 40
	ends    = back + 20
)

func (c changing) String() string {
	return fmt.Sprintf("%s every %v on %s: %v, of which %d.%d takes %.1f times as long, links %q", c.strategy, c.interval, c.network, c.takes, c.stage, c.i, c.factor, c.link)
}

// devices are those of the fleet as --emulate has them: before and after the change, or only as they are after it.
func (c changing) devices(after bool) (all [][]string) {
	for stage, takes := range c.takes {
		var these []string
		for i, d := range takes {
			text := fmt.Sprintf("whole=%v,load=100ms", d)
			if later := time.Duration(float64(d) * c.factor); stage == c.stage && i == c.i && after {
				text = fmt.Sprintf("whole=%v,load=100ms", later)
			} else if stage == c.stage && i == c.i {
				text = fmt.Sprintf("whole=%v,%v@%ds,load=100ms", d, later, changes)
			}
			these = append(these, text)
		}
		all = append(all, these)
	}
	return all
}

// play plays a run that is cut by itself, or where it is said.
func (c changing) play(t *testing.T, cuts []int, lasts time.Duration) (r pipeline.Report, delivered []int64, story string) {
	synctest.Test(t, func(t *testing.T) {
		devices := c.devices(cuts != nil)
		s := recutSite(t, c.network, c.link, devices[0][0], devices[1:]...)
		s.cuts = []string{"auto"}
		if cuts != nil {
			s.cuts = strings.Split(pipeline.FormatCuts(cuts), ",")
		}
		r, delivered = s.history(c.strategy, c.interval, lasts)
		story = s.story.String()
	})
	return r, delivered, story
}

// can is the best rate that the fleet has after the change, wherever it is cut.
func (c changing) can(t *testing.T) (best float64, at []int) {
	const lasts = 12
	shares := sharesOf(t, c.network)
	for _, cuts := range different(allCuts(len(shares), len(c.takes)-1), shares) {
		_, delivered, _ := c.play(t, cuts, lasts*time.Second)
		if r := rate(delivered, 3, lasts-2); r > best {
			best, at = r, cuts
		}
	}
	return best, at
}

// sharesOf are those of a network's layers.
func sharesOf(t *testing.T, network string) []float64 {
	net, err := model.OpenOrDefault(network, model.Settings{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	return net.Shares()
}

// different leaves out cuts by which each node has the same time as by others: layers that take none lie between.
func different(all [][]int, shares []float64) [][]int {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(cuts []int) bool {
		key, from := "", 0
		for _, to := range append(slices.Clip(cuts), len(shares)) {
			sum := 0.0
			for _, s := range shares[from:to] {
				sum += s
			}
			key, from = key+fmt.Sprintf("%.4f ", sum), to
		}
		was := seen[key]
		seen[key] = true
		return was
	})
}

// allCuts are all ways to cut so many layers so often.
func allCuts(layers, often int) (all [][]int) {
	if often == 1 {
		for c := 1; c < layers; c++ {
			all = append(all, []int{c})
		}
		return all
	}
	for _, first := range allCuts(layers, often-1) {
		for c := first[len(first)-1] + 1; c < layers; c++ {
			all = append(all, append(slices.Clip(first), c))
		}
	}
	return all
}

// changingFleet draws one.
func changingFleet(random *rand.Rand, i int) changing {
	c := changing{network: planned, factor: []float64{3, 1.5, 2, 4, 6}[random.IntN(5)]}
	var names []string
	for _, e := range strategy.All() {
		if !e.Whole {
			names = append(names, e.Name)
		}
	}
	c.strategy = names[i%len(names)]
	whole := between(random, 20*time.Millisecond, 80*time.Millisecond)
	capacity := 0.0
	for stage := range [][]int{{1, 1}, {1, 1}, {1, 2}, {1, 1, 1}}[random.IntN(4)] {
		var these []time.Duration
		for range 1 + stage*random.IntN(2) {
			d := time.Duration(float64(whole) * (0.6 + 0.8*random.Float64())).Round(time.Millisecond)
			these = append(these, d)
			capacity += 1 / d.Seconds()
		}
		c.takes = append(c.takes, these)
	}
	c.interval = time.Duration(float64(time.Second) / capacity / (0.8 + 0.5*random.Float64())).Round(time.Millisecond)
	c.stage = random.IntN(len(c.takes))
	c.i = random.IntN(len(c.takes[c.stage]))
	c.link = []string{"", "", "rate=24mbit", "rate=108mbit"}[random.IntN(4)]
	return c
}

// A device that becomes slower in mid-run: within 40 s the rate is 0.9 of what the fleet can do then, and no frame is lost
// uncounted.
func TestRunIsCutAnew(t *testing.T) {
	t.Parallel()
	seeds := map[bool][]int{false: {0}, true: {0, 1, 18, 22}}[long] // further ones take half a minute each
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c, best, at := changingFleet(rand.New(rand.NewPCG(uint64(seed), 23)), seed), 0.0, []int(nil)
			if seed == 0 { // where layers have 9, 0, 0, 16, 31, 0, 29, 0, 12, 2 and 2 % of the time, no cut is better than 6
				c = changing{planned, "baseline", 50 * time.Millisecond, [][]time.Duration{{100 * time.Millisecond}, {100 * time.Millisecond}}, 1, 0, 3, ""}
				best, at = 1/0.08452, []int{6}
			} else {
				best, at = c.can(t)
			}
			r, delivered, story := c.play(t, nil, ends*time.Second)
			got := rate(delivered, back, ends-1)
			t.Logf("%v\n%.2f f/s before, %.2f slower, %.2f again, of %.2f at %v: %.3f; %v", c, rate(delivered, 5, changes-1), rate(delivered, changes+5, changes+25), got, best, at, got/best, r.Recuts)
			if got < 0.9*best || r.Unaccounted != 0 || r.Died != 0 {
				t.Errorf("%.3f of what the fleet can do; %d unaccounted, %d died\n%s", got/best, r.Unaccounted, r.Died, story)
			}
		})
	}
}

// A slow node that leaves moves the cut, and moves it back when it is there again; nothing is lost by that.
func TestCutMovesWithTheNodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const device = "whole=100ms,load=100ms"
		s := recutSite(t, planned, "", device, []string{device, device})
		s.cuts = []string{"auto"}
		s.ended.Go(func() {
			time.Sleep(10 * time.Second)
			s.inflict(fault{kind: stopped, lasts: 20 * time.Second, node: 1}, false)
		})
		r, _ := s.history("baseline", 60*time.Millisecond, 50*time.Second)
		if len(r.Recuts) != 2 || !slices.Equal(r.Recuts[0].Cuts, r.Recuts[1].Was) || !slices.Equal(r.Recuts[0].Was, r.Recuts[1].Cuts) ||
			r.Recuts[0].AtS > 20 || r.Recuts[1].AtS > 40 || r.Unaccounted != 0 || r.Died != 0 {
			t.Errorf("%+v, %d unaccounted, %d died: %s", r.Recuts, r.Unaccounted, r.Died, s.story.String())
		}
	})
}

// Whoever is away while a run is cut anew: each frame is accounted for, and the run is cut as it should be when all are back.
func TestRecutWhileNodesAreAway(t *testing.T) {
	t.Parallel()
	for seed := range map[bool]int{false: 1, true: 4}[long] {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), 29))
			synctest.Test(t, func(t *testing.T) {
				const lasts = 55 * time.Second
				const device, hot = "whole=100ms,load=1s", "whole=100ms,400ms@4s,load=1s"
				s := recutSite(t, planned, "", device, [][]string{{device, hot}, {hot}}[seed%2])
				s.cuts, s.over = []string{"auto"}, true // a slow node that is back need not be used: the other one may do by the new cut
				e := strategy.All()[random.IntN(5)]
				f := fault{kind: []string{stopped, killed, frozen, unplug}[random.IntN(4)], node: random.IntN(len(s.members))}
				f.at, f.lasts = 34*time.Second+between(random, 0, 4*time.Second), between(random, 200*time.Millisecond, 3*time.Second)
				s.ended.Go(func() {
					time.Sleep(f.at)
					s.inflict(f, seed%3 == 0)
				})
				r, _ := s.history(e.Name, 30*time.Millisecond, lasts)
				if r.Unaccounted != 0 {
					t.Errorf("%d unaccounted", r.Unaccounted)
				}
				checkRun(t, r, uint64(lasts/s.cfg.Interval), []fault{f})
				for _, n := range r.Nodes {
					if n.Lost > 500 { // while a node is away, fast or client may lose all
						t.Errorf("%v", n)
					}
				}
				if t.Failed() {
					t.Logf("%s, %v: %+v, %s", e.Name, f, r.Recuts, s.story.String())
				}
			})
		})
	}
}
