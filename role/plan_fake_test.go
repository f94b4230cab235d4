package role

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/role/plan"
	"tandem/strategy"
	"tandem/transport/link"
)

const planned = "../model/testdata/digits_cnn.onnx"

// planDevice is one of a fleet.
type planDevice struct {
	at string
	device.Emulation
	link.Shape
}

func randomDevice(t *testing.T, random *rand.Rand, host int) planDevice {
	d, err := planDevice{at: fmt.Sprintf("10.0.0.%d:12345", host)}, error(nil)
	if d.Emulation, err = device.ParseEmulation(fmt.Sprintf("whole=%v,load=1ms", between(random, 20*time.Millisecond, 120*time.Millisecond))); err != nil {
		t.Fatal(err)
	}
	if d.Shape, err = link.Parse([]string{"rate=24mbit", "rate=108mbit"}[random.IntN(2)]); err != nil {
		t.Fatal(err)
	}
	return d
}

// What a plan promises is what the fleet does: nodes are asked over their links, a plan is made, and a run is played by it.
func TestPlanIsKept(t *testing.T) {
	t.Parallel()
	numbers(t)
	for seed := range map[bool]uint64{false: 1, true: 20}[long] {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 15))
				devices := []planDevice{randomDevice(t, random, 2), randomDevice(t, random, 3), randomDevice(t, random, 4)}
				p := askFleet(t, devices)
				s := plannedSite(t, p, devices)
				e, _ := strategy.Lookup(p.Strategy)
				const lasts = 20.0 // seconds
				s.cfg.Interval = time.Duration(float64(time.Second) / (1.3 * p.Rate))
				r, err := s.client(e, uint64(1.3*p.Rate*lasts))
				s.stop()
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%.3f of %.2f f/s, cuts %v, coverage %.2f %%", r.Rate/p.Rate, p.Rate, p.Cuts, r.Coverage)
				if math.Abs(r.Rate/p.Rate-1) > 0.05 || r.Unaccounted != 0 {
					t.Errorf("%.2f f/s, and the plan promises %.2f: %+v", r.Rate, p.Rate, p)
				}
			})
		})
	}
}

// planSite is a site with no nodes, for a network of more layers than the default.
func planSite(t *testing.T) *fakeSite {
	s := &fakeSite{t: t, on: newMemoryNetwork(), cfg: quickSite()}
	s.cfg.Log, s.cfg.Model, s.cfg.Queue = zerolog.New(s), planned, 10
	return s
}

// addOn adds a node that runs on a device.
func (s *fakeSite) addOn(d planDevice, r options.Role, next []string, end string, cuts []string) {
	s.add(r, string(r)+" "+d.at, next, end, cuts)
	m := s.members[len(s.members)-1]
	m.Listen, m.Emulate, m.Link = d.at, d.Emulation, d.Shape
}

// askFleet plans for a fleet whose nodes are all started as slow ones.
func askFleet(t *testing.T, devices []planDevice) plan.Plan {
	s := planSite(t)
	end := s.add(options.End, "end", nil, "", nil)
	o := plan.Options{Options: options.Default(options.Fast), For: plan.Rate}
	o.Strategy, o.Next = "balance", nil
	for _, d := range devices {
		s.addOn(d, options.Slow, []string{end}, "", nil)
		o.Next = append(o.Next, d.at)
	}
	for _, m := range s.members {
		s.start(m)
	}
	planner := s.on.process("10.0.0.99:12345")
	o.Dial = planner.DialContext
	net, err := model.OpenOrDefault(planned, model.Settings{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	p, err := o.Find(context.Background(), net)
	if err != nil {
		t.Fatal(err)
	}
	planner.kill(false)
	s.stop()
	return p
}

// plannedSite starts the nodes as a plan says.
func plannedSite(t *testing.T, p plan.Plan, devices []planDevice) *fakeSite {
	s := planSite(t)
	end := s.add(options.End, "end", nil, "", nil)
	var cuts []string
	for _, c := range p.Cuts {
		cuts = append(cuts, fmt.Sprint(c))
	}
	for stage := len(p.Cuts); stage >= 0; stage-- {
		var next []string
		for _, n := range p.Nodes {
			if n.Stage == stage+1 {
				next = append(next, n.Address)
			}
		}
		for _, n := range p.Nodes {
			d := devices[slices.IndexFunc(devices, func(d planDevice) bool { return d.at == n.Address })]
			switch {
			case n.Stage != stage:
			case stage == 0:
				s.addOn(d, options.Fast, next, end, cuts)
			case len(next) == 0:
				s.addOn(d, options.Slow, []string{end}, "", nil)
			default:
				s.addOn(d, options.Slow, next, end, nil)
			}
		}
	}
	for _, m := range s.members {
		s.start(m)
	}
	return s
}
