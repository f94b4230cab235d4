package role

import (
	"maps"
	"math"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
)

func tree(files map[string]string) fstest.MapFS {
	made := make(fstest.MapFS)
	for name, content := range files {
		made[name] = &fstest.MapFile{Data: []byte(content + "\n")}
	}
	return made
}

// The report names the node that was slowed down, and adds up what each node knows of its energy.
func TestReportTellsOfTheDevices(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		start := func(r options.Role, files map[string]string, next, end *server) *server {
			c := c
			c.Role = r
			c.device = device.OpenAt(device.Owner{Role: string(r), Threads: c.Threads}, tree(files), "", false)
			if next != nil {
				c.Next = []string{next.address}
			}
			if end != nil {
				c.End = end.address
			}
			s, err := startNode(t.Context(), c, func(pipeline.Report) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.stop(); err != nil {
					t.Error(err)
				}
			})
			return s
		}
		pi := map[string]string{
			"proc/device-tree/model":                                  "Raspberry Pi 3 Model B Plus Rev 1.3\x00",
			"sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "1400000",
			"sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq": "1400000",
			"sys/class/thermal/thermal_zone0/type":                    "cpu-thermal",
			"sys/class/thermal/thermal_zone0/temp":                    "55306",
			"sys/devices/platform/soc/soc:firmware/get_throttled":     "0",
		}
		limited, metered := maps.Clone(pi), maps.Clone(pi)
		limited["sys/devices/platform/soc/soc:firmware/get_throttled"] = "4"
		metered["sys/class/hwmon/hwmon3/name"], metered["sys/class/hwmon/hwmon3/power1_input"] = "ina219", "3000000"
		end := start(options.End, nil, nil, nil)
		slow := start(options.Slow, limited, end, nil)
		fast := start(options.Fast, metered, slow, end)
		c.Role, c.Strategy, c.Frames, c.Next = options.Client, "baseline", 20, []string{fast.address}
		c.device = device.OpenAt(device.Owner{Role: string(options.Client)}, tree(nil), "", false)
		r, err := play(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		want := "slow (" + slow.address + ") was limited by its firmware: throttled, 1400 of 1400 MHz, 55 °C"
		if !slices.Equal(r.Notes, []string{want}) {
			t.Errorf("notes %q", r.Notes)
		}
		sources, total := "", 0.0
		for _, e := range r.Nodes {
			sources, total = sources+e.EnergyBy+";", total+e.EnergyJ
		}
		if sources != ";meter hwmon ina219;model pi3b+;;" || r.JoulesPerFrame == nil || math.Abs(*r.JoulesPerFrame-total/float64(r.Delivered)) > 1e-9 {
			t.Errorf("energy by %s: %v J a frame, want %g", sources, r.JoulesPerFrame, total/float64(r.Delivered))
		}
		if r.Nodes[1].Device != "1400 of 1400 MHz, 55 °C" || r.Nodes[3].Device != "" {
			t.Errorf("%+v", r.Nodes)
		}
	})
}

// An emulated run's report can be computed again from its own figures.
func TestEmulatedRunHasTheEnergyOfItsModel(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Interval, c.Model, c.Queue = 20, 5*time.Millisecond, "", 20
		c.Emulate = device.Pi3
		nodes, began := startQuick(t, c), time.Now()
		r, err := nodes.run(t.Context(), c, "baseline")
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began).Seconds()
		total := 0.0
		for _, e := range r.Nodes {
			if e.EnergyBy != "model pi3b+" {
				t.Errorf("%s knows its energy by %q", e.Role, e.EnergyBy)
			}
			const slack = 0.002 // milliseconds and joules are rounded
			elapsed := (e.EnergyJ - 3.3/4*e.BusyMS/1000 - 38.504e-9*float64(e.Bytes)) / 2.0
			if elapsed < e.BusyMS/1000-slack || elapsed > took+slack || e.Role == string(options.End) && elapsed > r.ElapsedS+slack {
				t.Errorf("%v took %.3f J: that is %.3f s at 2 W, of %.3f s", e, e.EnergyJ, elapsed, took)
			}
			total += e.EnergyJ
		}
		// A frame has 400 bytes on its way to fast, and 8000 to slow. On a busy machine some are refused, or finished on fast.
		for _, e := range r.Nodes {
			least := map[string]int64{"client": 400 * e.Forwarded, "fast": 400*e.Received + 8000*e.Forwarded, "slow": 8000 * e.Received, "end": 1}[e.Role]
			if e.Bytes < least || e.Bytes > 2*168_000+100_000 {
				t.Errorf("%s moved %d bytes, want %d and some more", e.Role, e.Bytes, least)
			}
		}
		if r.JoulesPerFrame == nil || math.Abs(*r.JoulesPerFrame-total/float64(r.Delivered)) > 1e-9 {
			t.Errorf("%v J a frame, want %.3f J / %d", r.JoulesPerFrame, total, r.Delivered)
		}
	})
}

func TestPowerOffLeavesEnergyOut(t *testing.T) {
	c := quick()
	c.Frames, c.Emulate, c.Power = 3, device.Pi3, device.Power{Name: "off"}
	r, err := startQuick(t, c).run(t.Context(), c, "baseline")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Nodes {
		if e.EnergyBy != "" || e.EnergyJ != 0 {
			t.Errorf("%s has %g J by %q", e.Role, e.EnergyJ, e.EnergyBy)
		}
	}
	if r.JoulesPerFrame != nil {
		t.Errorf("%g J a frame", *r.JoulesPerFrame)
	}
}
