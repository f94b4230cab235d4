package role

import (
	"math"
	"testing"
	"time"

	"tandem/role/device"
	"tandem/role/inject"
	"tandem/role/options"
	"tandem/role/simulate"
)

// Nodes that come and go in the course of a run do in the simulation what they do in reality: one that leaves hands on what it
// has, and one that joins takes frames from then on.
func TestSimulationOfNodesThatComeAndGo(t *testing.T) {
	t.Parallel()
	numbers(t)
	names := map[bool][]string{false: {"balance"}, true: {"baseline", "alternate", "balance", "replicate"}}[long]
	for _, name := range names {
		for _, text := range []string{"leave slow 2 at 2.2s", "leave slow 2 at 2.2s for 1.5s", "join slow 2 at 3.3s", "kill slow 2 at 2.2s"} {
			t.Run(name+" "+text, func(t *testing.T) {
				o := options.Default(options.Local)
				o.Model, o.Simulated, o.Cuts, o.Strategy, o.Tasks, o.SlowNodes = digits, true, []string{"2"}, name, 5, 2
				o.Frames, o.Interval, o.Queue = 300, 22*time.Millisecond, 10
				o.Emulate = device.Emulation{Name: "test", Head: device.Always(4 * time.Millisecond), Tail: device.Always(42 * time.Millisecond), Load: device.Always(200 * time.Millisecond)}
				o.EmulateSlow = []device.Emulation{o.Emulate}
				f, err := inject.ParseFault(text)
				if err != nil {
					t.Fatal(err)
				}
				o.Faults = []inject.Fault{f}
				played, chances := playFake(t, o)
				site, err := simulate.Open(o)
				if err != nil {
					t.Fatal(err)
				}
				defer site.Close()
				site.Delay, site.Chances = delayOf(o), chances
				simulated, err := site.Play(o, name)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(simulated.Coverage-played.Coverage) > 1 || math.Abs(simulated.Rate/played.Rate-1) > 0.01 {
					t.Errorf("coverage %.2f and %.2f played, rate %.3f and %.3f", simulated.Coverage, played.Coverage, simulated.Rate, played.Rate)
				}
				if simulated.Unaccounted != 0 || simulated.Died != played.Died {
					t.Errorf("%d are unaccounted, %d have died, and %d when it was played", simulated.Unaccounted, simulated.Died, played.Died)
				}
			})
		}
	}
}
