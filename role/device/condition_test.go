package device

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

func TestThrottlingFlags(t *testing.T) {
	for _, test := range []struct{ text, now, ever string }{
		{"0", "", ""},
		{"1\n", "under-voltage", "under-voltage"},
		{"2", "frequency capped", "frequency capped"},
		{"4", "throttled", "throttled"},
		{"8", "soft temperature limit", "soft temperature limit"},
		{"10000", "", "under-voltage"},
		{"20000", "", "frequency capped"},
		{"40000", "", "throttled"},
		{"80000", "", "soft temperature limit"},
		{"throttled=0x0\n", "", ""},
		{"throttled=0x50005\n", "under-voltage, throttled", "under-voltage, throttled"},
		{"e0008", "soft temperature limit", "frequency capped, throttled, soft temperature limit"},
	} {
		limits, err := parseThrottling(test.text)
		if err != nil || limits.String() != test.now || limits.ever().String() != test.ever {
			t.Errorf("%q: now %q, ever %q, %v", test.text, limits, limits.ever(), err)
		}
	}
	if _, err := parseThrottling("error=1"); err == nil {
		t.Error("error=1 are flags")
	}
}

// tree makes a file system of paths and their content.
func tree(files map[string]string) fstest.MapFS {
	made := make(fstest.MapFS)
	for name, content := range files {
		made[name] = &fstest.MapFile{Data: []byte(content + "\n")}
	}
	return made
}

const (
	clockFile  = "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq"
	heatFile   = "sys/class/thermal/thermal_zone0/temp"
	alarmFile  = "sys/class/hwmon/hwmon1/in0_lcrit_alarm"
	limitsFile = "sys/devices/platform/soc/soc:firmware/get_throttled"
)

// pi3 are the files of a Raspberry Pi 3B+ with a kernel of before 2025.
func pi3() map[string]string {
	return map[string]string{
		"proc/device-tree/model": "Raspberry Pi 3 Model B Plus Rev 1.3\x00",
		clockFile:                "1400000",
		"sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq": "1400000",
		"sys/class/thermal/thermal_zone0/type":                    "cpu-thermal",
		heatFile:                                                  "55306",
		"sys/class/hwmon/hwmon0/name":                             "cpu_thermal",
		"sys/class/hwmon/hwmon1/name":                             "rpi_volt",
		alarmFile:                                                 "0",
		limitsFile:                                                "0",
	}
}

// with returns the files with some more or others.
func with(files map[string]string, others ...string) map[string]string {
	files = maps.Clone(files)
	for i := 0; i < len(others); i += 2 {
		files[others[i]] = others[i+1]
	}
	return files
}

func TestConditionOfMachines(t *testing.T) {
	pi4 := map[string]string{ // with a kernel that has no get_throttled
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "600000",
		"sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1800000",
		"sys/class/thermal/thermal_zone0/type":                 "cpu-thermal",
		"sys/class/thermal/thermal_zone0/temp":                 "40407",
		"sys/class/hwmon/hwmon2/name":                          "rpi_volt",
		"sys/class/hwmon/hwmon2/in0_lcrit_alarm":               "1",
	}
	pi5 := map[string]string{
		clockFile: "2400000",
		"sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq": "2400000",
		"sys/class/thermal/thermal_zone0/type":                    "cpu-thermal",
		heatFile:                                                  "62250",
		"sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled": "80000",
	}
	pc := map[string]string{
		clockFile:                              "4100000",
		"sys/class/thermal/thermal_zone0/type": "acpitz",
		"sys/class/thermal/thermal_zone0/temp": "27800",
		"sys/class/thermal/thermal_zone1/type": "x86_pkg_temp",
		"sys/class/thermal/thermal_zone1/temp": "-3000", // in the Arctic
		"sys/class/hwmon/hwmon0/name":          "nvme",
	}
	for _, test := range []struct {
		machine   string
		files     map[string]string
		want      string
		throttled bool
	}{
		{"Pi 3B+", pi3(), "1400 of 1400 MHz, 55 °C", false},
		{"Pi 3B+, hot", with(pi3(), limitsFile, "80008", heatFile, "71000"), "soft temperature limit, 1400 of 1400 MHz, 71 °C", true},
		{"Pi 3B+, bad supply", with(pi3(), alarmFile, "1"), "under-voltage, 1400 of 1400 MHz, 55 °C", true},
		{"Pi 3B+, once bad supply", with(pi3(), limitsFile, "50000"), "1400 of 1400 MHz, 55 °C (since boot: under-voltage, throttled)", false},
		{"Pi 4", pi4, "under-voltage, 600 of 1800 MHz, 40 °C", true},
		{"Pi 5", pi5, "2400 of 2400 MHz, 62 °C (since boot: soft temperature limit)", false},
		{"PC", pc, "4100 MHz, -3 °C", false},
		{"nothing known", nil, "", false},
		{"broken", with(pi3(), clockFile, "?", heatFile, "", alarmFile, "x", limitsFile, "?"), "", false},
	} {
		c := findSensors(tree(test.files), "").read()
		if c.String() != test.want || (c.limits.now() != 0) != test.throttled {
			t.Errorf("%s: %q, limits %q", test.machine, c, c.limits)
		}
	}
}

// vcgencmd writes a command that answers as the firmware does.
func vcgencmd(t *testing.T, answers map[string]string) firmware {
	t.Helper()
	before := answerTime
	answerTime = 3 * time.Minute
	t.Cleanup(func() { answerTime = before })
	script := "#!/bin/sh\ncase \"$*\" in\n"
	for question, answer := range answers {
		script += "'" + question + "') cat <<'END'\n" + answer + "\nEND\n;;\n"
	}
	script += "*) echo 'error=1 error_msg=\"Command not registered\"'; exit 1 ;;\nesac\n"
	path := filepath.Join(t.TempDir(), "vcgencmd")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return firmware(path)
}

// Newer kernels leave the limits to vcgencmd, and no kernel knows the clock that a limit leaves.
func TestFirmwareKnowsLimitsAndClock(t *testing.T) {
	files := pi3()
	delete(files, limitsFile)
	fw := vcgencmd(t, map[string]string{"get_throttled": "throttled=0x50005", "measure_clock arm": "frequency(45)=600062000"})
	const want = "under-voltage, throttled, 600 of 1400 MHz, 55 °C"
	if c := findSensors(tree(files), fw).read(); c.String() != want {
		t.Errorf("%q", c)
	}
	for _, broken := range []firmware{vcgencmd(t, nil), firmware(filepath.Join(t.TempDir(), "none"))} {
		if c := findSensors(tree(files), broken).read(); c.String() != "1400 of 1400 MHz, 55 °C" {
			t.Errorf("%q", c)
		}
	}
}

// In /sys the chips and zones are links.
func TestConditionThroughLinks(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{"type": "cpu-thermal", "temp": "48000"} {
		dir := filepath.Join(root, "sys/devices/virtual/thermal/thermal_zone0")
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "sys/class/thermal"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../devices/virtual/thermal/thermal_zone0", filepath.Join(root, "sys/class/thermal/thermal_zone0")); err != nil {
		t.Fatal(err)
	}
	if c := findSensors(os.DirFS(root), "").read(); c.String() != "48 °C" {
		t.Errorf("%q", c)
	}
}

func TestAnswerOfTheFirmwareIsNotAwaitedForLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vcgencmd")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec sleep 600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := firmware(path).throttling(); err == nil || time.Since(began) > 5*time.Minute {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	if _, err := firmware(filepath.Join(t.TempDir(), "none")).throttling(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
