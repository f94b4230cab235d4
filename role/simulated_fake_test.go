package role

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/inject"
	"tandem/role/input"
	"tandem/role/options"
	"tandem/role/simulate"
	"tandem/strategy"
	"tandem/transport/link"
)

// Configurations are made of seeds, one after the other.
var (
	configurations = flag.Int("configurations", 0, "random configurations to play beside their simulation (default: in fake time a few)")
	first          = flag.Uint64("first", 0, "seed of the first of them")
)

// delayOf is what a message takes one way in these tests: next to nothing where a link is emulated.
func delayOf(o options.Options) time.Duration {
	if o.Link.Name != "" {
		return time.Nanosecond
	}
	return time.Millisecond
}

// chance makes a configuration at random: strategy, devices, queues, arrivals, links, slow nodes and faults.
func chance(random *rand.Rand) options.Options {
	ms := func(least, most int) time.Duration {
		return time.Duration(least+random.IntN(most-least+1)) * time.Millisecond
	}
	one := func(n int) bool { return random.IntN(n) == 0 }
	o := options.Default(options.Local)
	o.Model, o.Simulated, o.Cuts, o.Seed = digits, true, []string{"2"}, random.Uint64()
	all := strategy.All()
	o.Strategy = all[random.IntN(len(all))].Name
	o.Frames = uint64(200 + random.IntN(200))
	o.Interval, o.Queue, o.Tasks = ms(15, 80), 2+random.IntN(19), 1+random.IntN(40)
	o.SlowNodes = 1
	if one(2) {
		o.SlowNodes = 1 + random.IntN(8)
	}
	if o.SlowNodes <= 2 && one(4) {
		o.Cuts = []string{"2", "4"}
	}
	deviceOf := func(spread bool) device.Emulation {
		e := device.Emulation{Name: "random", Head: device.Always(ms(1, 10)), Tail: device.Always(ms(20, 90)), Load: device.Always(ms(50, 600))}
		if spread {
			e.Tail[0].Spread = e.Tail[0].Takes / 8
		}
		if one(5) {
			e.Tail = append(e.Tail, device.Leg{Takes: 2 * e.Tail[0].Takes, From: 3 * time.Second})
		}
		return e
	}
	o.Emulate = deviceOf(one(3))
	for range o.SlowNodes {
		o.EmulateSlow = append(o.EmulateSlow, deviceOf(one(3)))
	}
	switch random.IntN(4) {
	case 0:
		o.Link = link.WiFi
	case 1:
		o.Link = link.Shape{Name: "random", Delay: ms(1, 15), Jitter: ms(0, 4), Rate: 2e6 + 20e6*random.Float64()}
		if one(2) {
			o.Link.Loss = 0.01 * random.Float64()
		}
	}
	if one(4) {
		o.Drop = pipeline.DropOldest
	}
	if one(4) {
		o.MaxAge = ms(200, 600)
	}
	if one(4) {
		o.Batch = 1 + random.IntN(4)
	}
	if one(4) {
		o.HighWater = 1 + random.IntN(o.Queue)
	}
	if one(4) {
		o.Load = []strategy.Loading{strategy.Background, strategy.Blocking}[random.IntN(2)]
	}
	if one(4) {
		o.Arrivals, _ = input.ParseArrivals([]string{"poisson", "burst=4"}[random.IntN(2)])
	}
	if one(4) {
		f := inject.Fault{What: inject.Kill, Node: 1 + random.IntN(o.SlowNodes), At: time.Second + ms(0, 2000), For: 500*time.Millisecond + ms(0, 2500)}
		switch random.IntN(6) {
		case 0:
			f.What = inject.Leave
		case 1:
			f.What, f.For = inject.Leave, 0
		case 2:
			if o.SlowNodes > 1 {
				f.What, f.For = inject.Join, 0
			}
		}
		o.Faults = []inject.Fault{f}
	}
	return o
}

// playFake plays the options with real nodes in fake time.
func playFake(t *testing.T, o options.Options) (r pipeline.Report, chances func(options.Role, int) uint64) {
	type chance struct {
		role  options.Role
		place int
	}
	seeds := make(map[chance]uint64)
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSite{t: t, on: newMemoryNetwork(), cfg: setup{Options: o, device: &device.Device{}}}
		s.on.fixed, s.cfg.Threads, s.cfg.Log, s.cfg.Drain = delayOf(o), 1, zerolog.New(s), time.Minute
		end := s.add(options.End, "end", nil, "", nil)
		seeds[chance{options.End, 0}] = s.members[0].Chances(0)
		client := o
		client.Role = options.Client
		seeds[chance{options.Client, 0}] = client.Chances(0)
		next, slow := []string{end}, make([][]*member, len(o.Cuts))
		for level := range slices.Backward(o.Cuts) {
			way := end
			if level == len(o.Cuts)-1 {
				way = ""
			}
			var these []string
			for i := range o.SlowNodes {
				these = append(these, s.add(options.Slow, fmt.Sprintf("slow%d.%d", level, i), next, way, nil))
				m := s.members[len(s.members)-1]
				seeds[chance{options.Slow, level*o.SlowNodes + i}] = m.Chances(0)
				m.Emulate, m.Trace = o.EmulateSlow[i%len(o.EmulateSlow)], ""
				slow[level] = append(slow[level], m)
			}
			next = these
		}
		var joined inject.Joined
		for i := range slow[0] {
			if inject.Joining(o.Faults, i+1) {
				slow[0][i].late = true
				next[i] = inject.Name
			}
		}
		s.add(options.Fast, "fast", next, end, o.Cuts)
		fast := s.members[len(s.members)-1]
		seeds[chance{options.Fast, 0}] = fast.Chances(0)
		fast.names, fast.Wait = &joined, 0
		for _, m := range s.members {
			if !m.late {
				s.start(m)
			}
		}
		for _, f := range o.Faults {
			m := slow[0][f.Node-1]
			s.ended.Go(func() {
				time.Sleep(f.At)
				s.happen(f, m, &joined)
			})
		}
		e, _ := strategy.Lookup(o.Strategy)
		var err error
		if r, err = s.client(e, o.Frames); err != nil {
			t.Errorf("the run ends with %v\n%s", err, s.story.String())
		}
		for _, f := range o.Faults { // it may be away still, or hand on what it has
			time.Sleep(f.At + f.For + time.Minute)
		}
		s.stop()
	})
	return r, func(r options.Role, place int) uint64 { return seeds[chance{r, place}] }
}

// happen makes a fault happen to a node, and starts it again.
func (s *fakeSite) happen(f inject.Fault, m *member, joined *inject.Joined) {
	back := time.Now().Add(f.For)
	switch f.What {
	case inject.Join:
		s.start(m)
		joined.Add(m.Listen)
		return
	case inject.Kill:
		m.process.kill(true)
		s.reap(m)
	case inject.Leave:
		if err := m.server.stop(); err != nil {
			s.t.Errorf("%s: %v", m.name, err)
		}
		m.process.kill(false)
	}
	if m.server = nil; f.For > 0 {
		time.Sleep(time.Until(back))
		s.start(m)
	}
}

// The simulation agrees with the nodes, in fake time, whatever they are: coverage within 2 points, rate within 2 %, and the 95th
// percentile of the ages within 10 %, for 95 % of all configurations.
func TestSimulationAgreesWithTheNodes(t *testing.T) {
	t.Parallel()
	numbers(t)
	n := cmp.Or(*configurations, map[bool]int{false: 4, true: 30}[long])
	agree := [3]int{}
	for seed := *first; seed < *first+uint64(n); seed++ {
		o := chance(rand.New(rand.NewPCG(seed, 1)))
		real, chances := playFake(t, o)
		site, err := simulate.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		site.Delay, site.Chances = delayOf(o), chances
		virtual, err := site.Play(o, o.Strategy)
		if err != nil {
			t.Fatal(err)
		}
		_ = site.Close()
		if virtual.Unaccounted != 0 || virtual.Frames != int64(o.Frames) {
			t.Errorf("seed %d: %d of %d frames are unaccounted in the simulation", seed, virtual.Unaccounted, virtual.Frames)
		}
		off := [3]float64{
			math.Abs(virtual.Coverage - real.Coverage), 100 * math.Abs(virtual.Rate/real.Rate-1), 100 * math.Abs(virtual.Latency.P95/max(real.Latency.P95, 1)-1),
		}
		within := [3]bool{off[0] <= 2, off[1] <= 2, off[2] <= 10}
		for i, is := range within {
			if is {
				agree[i]++
			}
		}
		if within != [3]bool{true, true, true} {
			t.Logf("seed %d, %s: coverage %.1f and %.1f, rate %.2f and %.2f (%.1f %%), p95 %.0f and %.0f ms: %s", seed, o.Strategy,
				virtual.Coverage, real.Coverage, virtual.Rate, real.Rate, off[1], virtual.Latency.P95, real.Latency.P95, describe(o))
		}
	}
	t.Logf("of %d configurations coverage agrees in %d, rate in %d, age in %d", n, agree[0], agree[1], agree[2])
	for i, what := range []string{"coverage", "rate", "age"} {
		// Of some configurations fewer may agree than of all: by less than three standard deviations, or it is not 95 % of all.
		least := 0.95*float64(n) - 3*math.Sqrt(float64(n)*0.95*0.05)
		if float64(agree[i]) < least {
			t.Errorf("%s agrees in %d of %d", what, agree[i], n)
		}
	}
}

// What a run has measured, or its trace, is enough to simulate another strategy on the same fleet: coverage within 3 points and
// rate within 3 % of nodes that play it. Some runs, of alternate in a chain, fall into one of two beats by chance, and differ by more
// from themselves, played again: so nodes that are far away play up to five times. One in ten may stay there.
func TestSimulationLikeARun(t *testing.T) {
	t.Parallel()
	numbers(t)
	all, far := 0, 0
	for seed := range uint64(map[bool]int{false: 1, true: 2}[long]) { // a pipeline of one slow stage, and a chain
		random := rand.New(rand.NewPCG(seed, 3))
		o := options.Default(options.Local)
		o.Model, o.Simulated, o.Cuts, o.Seed, o.Link = digits, true, [][]string{{"2"}, {"2", "4"}}[seed%2], seed, link.WiFi
		o.Frames, o.Queue, o.SlowNodes, o.Strategy = 400, 10, 1+random.IntN(3), "takeover"
		o.Tasks = 5 // so that fast, too, finishes frames
		ms := func(least, most int) time.Duration {
			return time.Duration(least+random.IntN(most-least)) * time.Millisecond
		}
		drawn := func(takes time.Duration) device.Course { return device.Course{{Takes: takes, Spread: takes / 10}} }
		devices := func() device.Emulation {
			return device.Emulation{Name: "drawn", Head: drawn(ms(2, 6)), Tail: drawn(ms(30, 60)), Load: device.Always(200 * time.Millisecond)}
		}
		o.Emulate = devices()
		for range o.SlowNodes {
			o.EmulateSlow = append(o.EmulateSlow, devices())
		}
		o.Interval = o.EmulateSlow[0].Tail[0].Takes * 3 / 4 / time.Duration(o.SlowNodes)
		o.Trace = filepath.Join(t.TempDir(), "trace.jsonl")
		measured, _ := playFake(t, o)
		trace := o.Trace
		o.Trace = ""
		for _, name := range map[bool][]string{false: {"balance"}, true: {"balance", "alternate", "credit"}}[long] {
			o.Strategy, o.Tasks = name, 20
			likeA := func(what string, fleet *simulate.Fleet, err error) {
				if err != nil {
					t.Fatal(err)
				}
				given := options.Given{
					"model": {digits}, "strategy": {name}, "tasks": {"20"}, "seed": {"1"},
					"cut": o.Cuts, "interval": {o.Interval.String()}, "frames": {"400"}, "link": {"wifi"},
				}
				if what == "report" {
					for _, told := range []string{"cut", "interval", "frames", "link"} {
						delete(given, told)
					}
				}
				fleet.Give(given)
				as, err := given.Simulated(nil)
				if err != nil {
					t.Fatal(err)
				}
				site, err := simulate.Open(as)
				if err != nil {
					t.Fatal(err)
				}
				defer site.Close()
				if err := site.Like(fleet); err != nil {
					t.Fatal(err)
				}
				simulated, err := site.Play(as, name)
				if err != nil {
					t.Fatal(err)
				}
				all++
				for again := range 5 {
					played, _ := playFake(t, o)
					coverage, rate := simulated.Coverage-played.Coverage, 100*(simulated.Rate/played.Rate-1)
					t.Logf("seed %d, %s like a %s: coverage %.1f and %.1f played, rate %.2f and %.2f", seed, name, what, simulated.Coverage, played.Coverage, simulated.Rate, played.Rate)
					if math.Abs(coverage) <= 3 && math.Abs(rate) <= 3 {
						return
					}
					if again == 4 {
						far++
						t.Log("that is far away")
					}
				}
			}
			fleet, err := simulate.FleetOf(measured)
			likeA("report", fleet, err)
			if len(o.Cuts) == 1 { // fast sees one hand-over
				fleet, err := simulate.FleetOfTrace(trace)
				likeA("trace", fleet, err)
			}
		}
	}
	if 10*far > all+9 {
		t.Errorf("%d of %d are too far away", far, all)
	}
}

// numbers skips a test of what comes out where goroutines are watched: they meet in other tests as well.
func numbers(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it compares numbers: leave -short out")
	}
}

func describe(o options.Options) string {
	return fmt.Sprintf("%d frames each %v %s, %d slow, cuts %v, queue %d, tasks %d, load %s, link %+v, drop %s, max-age %v, batch %d, high-water %d, faults %v, fast %v, slow %v",
		o.Frames, o.Interval, o.Arrivals.Name, o.SlowNodes, o.Cuts, o.Queue, o.Tasks, o.Load, o.Link, o.Drop, o.MaxAge, o.Batch, o.HighWater, o.Faults, o.Emulate, o.EmulateSlow)
}
