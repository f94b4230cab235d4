package device

import (
	"math"
	"testing"
	"testing/fstest"
	"time"
)

// What a Raspberry Pi 5 says of its rails while it is idle.
const rails = ` 3V7_WL_SW_A current(0)=0.07709848A
   3V3_SYS_A current(1)=0.04782057A
  DDR_VDDQ_A current(4)=0.00000000A
  VDD_CORE_A current(7)=0.94657990A
 3V7_WL_SW_V volt(8)=3.69049700V
   3V3_SYS_V volt(9)=3.29982600V
  DDR_VDDQ_V volt(12)=0.60329610V
  VDD_CORE_V volt(15)=0.72097620V
     EXT5V_V volt(24)=5.11478000V
      BATT_V volt(25)=0.01880340V`

func TestRailsOfAPi5(t *testing.T) {
	fw := vcgencmd(t, map[string]string{"pmic_read_adc": rails})
	watts, err := fw.watts()
	if want := 0.07709848*3.690497 + 0.04782057*3.299826 + 0.9465799*0.7209762; err != nil || math.Abs(watts-want) > 1e-9 {
		t.Errorf("%g W, want %g: %v", watts, want, err)
	}
	if m := findMeter(tree(nil), fw); m == nil || m.name != "pmic" {
		t.Errorf("%v", m)
	}
	for _, answer := range []string{"", "EXT5V_V volt(24)=5.1V", "VDD_CORE_A current(7)=0.9A"} {
		fw := vcgencmd(t, map[string]string{"pmic_read_adc": answer})
		if watts, err := fw.watts(); err == nil {
			t.Errorf("%q: %g W", answer, watts)
		}
	}
	if m := findMeter(tree(nil), vcgencmd(t, nil)); m != nil { // any other Pi
		t.Errorf("%v", m)
	}
}

func TestMeterOfMachines(t *testing.T) {
	hwmon := func(chip, name string) []string {
		return []string{"sys/class/hwmon/" + chip + "/name", name, "sys/class/hwmon/" + chip + "/power1_input", "1500000"}
	}
	rapl := func(zone, name, count string) []string {
		at := "sys/class/powercap/" + zone + "/"
		return []string{at + "name", name, at + "energy_uj", count, at + "max_energy_range_uj", "1000000"}
	}
	files := func(lists ...[]string) fstest.MapFS {
		all := map[string]string{}
		for _, list := range lists {
			all = with(all, list...)
		}
		return tree(all)
	}
	pmic := vcgencmd(t, map[string]string{"pmic_read_adc": rails})
	for _, test := range []struct {
		files fstest.MapFS
		fw    firmware
		want  string // empty: none
	}{
		{files(), "", ""},
		{files(hwmon("hwmon2", "ina219")), pmic, "hwmon ina219"},
		{files(hwmon("hwmon2", "amdgpu")), pmic, "pmic"},
		{files(hwmon("hwmon2", "amdgpu")), "", ""},
		{files(hwmon("hwmon0", "amdgpu"), hwmon("hwmon2", "ina226")), "", "hwmon ina226"},
		{files([]string{"sys/class/hwmon/hwmon2/name", "ina219", "sys/class/hwmon/hwmon2/power1_input", "?"}), "", ""},
		{files(rapl("intel-rapl:0", "package-0", "5"), rapl("intel-rapl:0:0", "core", "5"), rapl("intel-rapl:1", "package-1", "5")), "", "powercap package-0 package-1"},
		{files(rapl("intel-rapl:0", "package-0", "5"), rapl("intel-rapl:1", "psys", "5")), "", "powercap psys"},
		{files(rapl("intel-rapl:0", "package-0", "")), "", ""}, // only root may read it
	} {
		got := ""
		if m := findMeter(test.files, test.fw); m != nil {
			got = m.name
		}
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// Each counter begins anew for itself when it is full.
func TestCountersBeginAnew(t *testing.T) {
	files := tree(nil)
	set := func(zone, file, content string) {
		files["sys/class/powercap/"+zone+"/"+file] = &fstest.MapFile{Data: []byte(content + "\n")}
	}
	for zone, name := range map[string]string{"intel-rapl:0": "package-0", "intel-rapl:1": "package-1"} {
		set(zone, "name", name)
		set(zone, "max_energy_range_uj", "65000000")
	}
	m := findPowercap(files)
	last := 0.0
	for i, step := range []struct {
		first, second string
		used          float64
	}{
		{"64000000", "1000000", 0},
		{"64500000", "3000000", 2.5},
		{"2000000", "3000000", 2.5},
		{"2000000", "1000000", 63},
	} {
		set("intel-rapl:0", "energy_uj", step.first)
		set("intel-rapl:1", "energy_uj", step.second)
		joules, err := m.joules(time.Time{})
		if err != nil || math.Abs(joules-last-step.used) > 1e-9 {
			t.Errorf("step %d: %g J, want %g: %v", i, joules-last, step.used, err)
		}
		last = joules
	}
}

// Watts that change evenly are added up exactly, however unevenly they are read.
func TestWattsAddUp(t *testing.T) {
	began := time.Now()
	var watts float64
	joulesAt := addUp(func() (float64, error) { return watts, nil })
	for _, second := range []float64{0, 0.5, 3, 10} {
		watts = 2 + second
		joules, _ := joulesAt(began.Add(time.Duration(second * float64(time.Second))))
		if want := 2*second + second*second/2; math.Abs(joules-want) > 1e-9 {
			t.Errorf("after %g s: %g J, want %g", second, joules, want)
		}
	}
}
