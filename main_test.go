package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tandem/role/options"
)

// patience is how long a test waits for what must happen, on a machine that is busy with other things.
const patience = time.Minute

// TestMain keeps the settings of whoever runs the tests from them.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TANDEM_") {
			_ = os.Unsetenv(name)
		}
	}
	_ = os.Setenv("XDG_CACHE_HOME", os.DevNull) // what a busy machine measures is not worth keeping
	os.Exit(m.Run())
}

func environment(name string) string { return options.Setting{Name: name}.Variable() }

// These tests are not parallel, as cli's help and version flags are shared variables. What needs processes is in
// role/chaos.

// tandem runs the program to its end.
func tandem(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return tandemReading(t, "", args...)
}

func tandemReading(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, log bytes.Buffer
	code = run(ctx, append([]string{"tandem"}, args...), strings.NewReader(stdin), &out, &log)
	if ctx.Err() != nil {
		t.Fatalf("tandem %q did not end by itself", args)
	}
	return code, out.String(), log.String()
}

// refused checks that a command line ends with a code, says nothing on stdout, and names all that is to be mended.
func refused(t *testing.T, want int, named []string, args ...string) {
	t.Helper()
	code, stdout, stderr := tandem(t, args...)
	if code != want || stdout != "" {
		t.Errorf("tandem %q: code %d and stdout %q, want code %d and nothing", args, code, stdout, want)
	}
	for _, n := range named {
		if !strings.Contains(stderr, n) {
			t.Errorf("tandem %q says %q: %q is missing", args, stderr, n)
		}
	}
	if strings.Contains(stderr, "\x1b") {
		t.Errorf("tandem %q colours what is read by no terminal: %q", args, stderr)
	}
}

// flagValues are for one setting a value that is right, some that are wrong, and what is said to be allowed.
type flagValues struct {
	name, right string
	wrong       []string
	allowed     string
}

var flags = []flagValues{
	{"role", "end", []string{"both", "End", "local"}, "client, fast, slow, end"},
	{"listen", "127.0.0.1:0", []string{"host:", "host:http", "host:65536", "[::1:80"}, "host:port"},
	{"next", "127.0.0.1:1", []string{"fast:-1", "fast:1,slow:x"}, "host:port"},
	{"next", "dns:slow", []string{"dns:", "dns:a:x", "dns:a:1:2", "dns:a/b"}, "dns:NAME:PORT"},
	{"next", "srv:_tandem._tcp.slow.example", []string{"srv:", "srv:slow", "srv:_a._b", "srv:_a._b.c:5", "srv:_a._b..c", "srv:a._b.c"}, "srv: and the name of SRV records"},
	{"end", "127.0.0.1:1", []string{"end:", "end:x"}, "host:port"},
	{"strategy", "s1", []string{"s9", "Baseline", ""}, "baseline, takeover (s1), alternate (s2), balance, credit, replicate (s3)"},
	{"tasks", "5", []string{"0", "-1", "1.5", "many", "99999999999999999999"}, "whole number from 1"},
	{"frames", "5", []string{"-1", "1e3", "all"}, "whole number, 0 or more"},
	{"interval", "1ms", []string{"30", "-1ms", "fast"}, "a time of 0s or more"},
	{"input", "x.npy", []string{""}, "empty"},
	{"source", "door=x.npy", []string{"", "x.npy", "=x.npy", "door=", "the door=x.npy"}, "name=stream"},
	{"newest", "true", []string{"maybe"}, "true or false"},
	{"strict", "true", []string{"maybe"}, "maybe"},
	{"fit", "crop", []string{"", "cover"}, "crop, letterbox, stretch"},
	{"labels", "x.npy", []string{""}, "empty"},
	{"serve", "127.0.0.1:8000", []string{"", "8000:http", ":"}, "use host:port"},
	{"timeout", "1s", []string{"0s", "1", "99ms", "600000h"}, "a time of 100ms or more, and at most 1000h"},
	{"results", "x.jsonl", []string{""}, "empty"},
	{"classes", "x.txt", []string{""}, "empty"},
	{"answers", "full", []string{"all", ""}, "top, full"},
	{"softmax", "true", []string{"maybe"}, "maybe"},
	{"publish", "mqtts://user:secret@broker/a/b", []string{"broker/a", "http://broker/a", "mqtt://broker", "mqtt:///a", "mqtt://broker/a/#", "mqtt://broker/+/a", "mqtt://broker/$SYS", "mqtt://broker/a?b", ""}, "mqtt://HOST/TOPIC"},
	{"preprocess", "imagenet,layout=hwc", []string{"x", "mean=1,2", "mean=1,2,3,4", "std=0", "layout=nchw", "layout=HWC"}, "use imagenet, or mean, std and layout"},
	{"model", "x.onnx", []string{""}, "empty"},
	{"constants", "1GiB", []string{"1", "2GiB", "many"}, "1MiB to 1GiB"},
	{"winograd", "1B", []string{"0", "2GiB", "many"}, "1B to 1GiB"},
	{"cut", "1", []string{""}, "empty"},
	{"seed", "2", []string{"-1", "x"}, "whole number, 0 or more"},
	{"queue", "5", []string{"0", "-5", "1048577"}, "whole number from 1 to 1048576"},
	{"threads", "1", []string{"0", "257", "all"}, "whole number from 1 to 256"},
	{"batch", "2", []string{"0", "257", "-1"}, "whole number from 1 to 256"},
	{"watch", "true", []string{"maybe"}, "maybe"},
	{"high-water", "5", []string{"0", "x"}, "whole number from 1 to 1048576"},
	{"drop", "oldest", []string{"all", ""}, "newest, oldest"},
	{"max-age", "300ms", []string{"-1s", "3"}, "0s or more"},
	{"load", "background", []string{"none", ""}, "background or blocking"},
	{"trace", "t.jsonl", []string{""}, "empty"},
	{"slow-nodes", "4", []string{"0", "4097"}, "whole number from 1 to 4096"},
	{"link", "wifi", []string{"wlan", "", "delay=3", "loss=1", "rate=20", "delay=1ms,delay=2ms"}, "off, wifi, wifi-pi4, ethernet, or a shape"},
	{"wire", "int8", []string{"float64", "FLOAT16", ""}, "float32, float16"},
	{"resident", "true", []string{"maybe"}, "maybe"},
	{"arrivals", "poisson", []string{"", "beats", "burst=0"}, "burst=8"},
	{"fault", "kill slow 1 at 1s for 1s", []string{"kill", "kill fast 1 at 1s", "kill slow 0 at 1s", "stop slow 1 at 1s", "join slow 1 at 1s for 1s"}, "kill slow 2 at 10s for 4s"},
	{"emulate", "pi3", []string{"pi9", "head=4", "head=-4ms", "body=4ms", "head=1ms;tail=2ms", "pi3,slow:pi9"}, "off, pi3, or times"},
	{"power", "pi3b+", []string{"pi9", "2", "1,2,3,4", "2,x", "-1,2", "3,2", "inf,inf", "NaN,NaN", "2,4,-1"}, "off, pi3b+, pi4, pi5, or watts IDLE,BUSY"},
	{"format", "json", []string{"xml", "JSON"}, "table, json or csv"},
	{"no-header", "true", []string{"maybe"}, "maybe"},
	{"last-seen", "true", []string{"maybe"}, "maybe"},
	{"output", "x.csv", []string{""}, "empty"},
	{"tls-cert", "x.pem", []string{""}, "empty"},
	{"tls-key", "x.pem", []string{""}, "empty"},
	{"tls-ca", "x.pem", []string{""}, "empty"},
	{"key", "x", []string{""}, "empty"},
	{"host", "pi.example.org", []string{"", ".", "http://pi", "pi:12345", "pi/", "*.example.org", "two names"}, "a name alone"},
	{"cache", "/tmp/x", []string{""}, "empty"},
	{"cache-size", "64MiB", []string{"0", "1023KiB", "-1MiB", "big"}, "1MiB or more"},
	{"weights", "int8", []string{"int4", "float64", "INT8"}, "float32, float16, int8"},
	{"shape", "x=1x3x64x64", []string{"x=", "x=1x0", "3y4", "1x-1"}, "a shape such as input=1x3x640x640"},
	{"buffer", "64MiB", []string{"0", "1023KiB", "-1MiB", "big"}, "1MiB or more"},
	{"max-body", "1MiB", []string{"0", "1", "2GiB", "-1MiB", "big"}, "1KiB to 1GiB"},
	{"pipeline", "door", []string{"", "a b", "a/b", strings.Repeat("x", 64)}, "letters, digits"},
	{"announce", "false", []string{"maybe"}, "true or false"},
	{"wait", "1s", []string{"-1s", "1", "600000h", "for ever"}, "a time of 0s or more, and at most 1000h, such as 30ms or 1m, or forever"},
	{"config", os.DevNull, []string{"/no/such.env"}, "/no/such.env"},
	{"idle", "5s", []string{"1s", "x", "1000h1ns"}, "a time of 2s or more, and at most 1000h"},
	{"drain", "1s", []string{"0s", "x", "600000h"}, "a time of 100ms or more, and at most 1000h"},
	{"log-level", "debug", []string{"trace", "INFO"}, "debug, info, warn, error"},
	{"log-format", "json", []string{"xml"}, "console, json"},
}

func TestWrongValueIsRefused(t *testing.T) {
	for _, f := range flags {
		for _, wrong := range f.wrong {
			refused(t, exitUsage, []string{f.name, f.allowed}, "--"+f.name+"="+wrong)
			if wrong == "" {
				continue // in the environment this is: not set
			}
			t.Run(environment(f.name), func(t *testing.T) {
				t.Setenv(environment(f.name), wrong)
				refused(t, exitUsage, []string{f.name, f.allowed})
			})
		}
	}
}

// complete is what each role can't do without.
var complete = map[options.Role][]string{
	options.Local:  {},
	options.Client: {"--role", "client", "--next", "127.0.0.1:1"},
	options.Fast:   {"--role", "fast", "--next", "127.0.0.1:1", "--end", "127.0.0.1:1"},
	options.Slow:   {"--role", "slow", "--next", "127.0.0.1:1"},
	options.End:    {"--role", "end"},
}

func TestFlagOfAnotherRoleIsRefused(t *testing.T) {
	for _, s := range options.Table(&options.Options{}) {
		i := slices.IndexFunc(flags, func(f flagValues) bool { return f.name == s.Name })
		if i < 0 {
			t.Errorf("--%s is not tested", s.Name)
			continue
		}
		for r, args := range complete {
			if !slices.Contains(s.Roles, r) {
				refused(t, exitUsage, []string{"--" + s.Name, r.String()}, slices.Concat(args, []string{"--" + s.Name + "=" + flags[i].right})...)
			}
		}
	}
}

func TestIncompleteCommandLineIsRefused(t *testing.T) {
	for _, test := range []struct {
		args  string
		named []string
	}{
		{"--role slow --end a:1", []string{"--next is missing", "leave out --end"}},
		{"--role client --next dns:a:1", []string{"--next dns:a:1", "name that one"}},
		{"--role slow --next a:1 --next b:1", []string{"--next is given 2 times"}},
		{"--role client --next a:1 --strategy s3", []string{"--next is given once", "replicate"}},
		{"--frames 0", []string{"--frames 0", "--strategy"}},
		{"--input -", []string{"--input -", "--strategy"}},
		{"--role slow --calibrate", []string{"--calibrate is no flag", "tandem inspect --calibrate"}},
		{"--mean imagenet", []string{"--preprocess mean=…"}},
		{"--emulate-slow pi3", []string{"--emulate …,slow:…"}},
		{"--role client --next a --model x.onnx", []string{"the client needs no model: fast and slow have it"}},
		{"--labels x.npy", []string{"--labels needs --input"}},
		{"--role end --tls-cert x.pem", []string{"--tls-cert, --tls-key and --tls-ca go together", "tandem cert"}},
		{"--role end --tls-key x.pem --tls-ca x.pem --key x", []string{"go together"}},
		{"--serve :8000 --frames 5", []string{"--frames means nothing with --serve"}},
		{"--serve :8000 --input x.npy --labels y.npy", []string{"--input and --source mean nothing with --serve", "--labels"}}, // both at once
		{"--role client --next a --end b --host x", []string{"--end means nothing for the client without --serve", "--host"}},
		{"--timeout 1s", []string{"--timeout means nothing without --serve"}},
		{"--key x", []string{"mean nothing without a role", "--serve"}},
		{"cert", []string{"names of the devices", "tandem cert end slow fast client"}},
		{"cert --ca x", []string{"-ca"}},
		{"--frames 0 --labels x.npy", []string{"--frames 0", "--labels"}}, // both at once
		{"baseline", []string{`"baseline" is no command`, "--"}},
		{"--tasks 5 fast", []string{`"fast" is no command`}},
		{"--tasks", []string{"tasks"}},
		{"--task 5", []string{"task"}},
	} {
		refused(t, exitUsage, append(test.named, "tandem --help"), strings.Fields(test.args)...)
	}
}

func TestWrongPlotCommandIsRefused(t *testing.T) {
	const runs = "role/plot/testdata/tasks.jsonl"
	picture := filepath.Join(t.TempDir(), "x.svg")
	for _, test := range []struct {
		args  []string
		named []string
	}{
		{[]string{}, []string{"nothing to draw", "--trace FILE", "--output is missing"}}, // both at once
		{[]string{runs}, []string{"--output is missing", "--output sweep.svg"}},
		{[]string{runs, "-o", "x.gif"}, []string{"--output x.gif", ".svg or .png"}},
		{[]string{runs, "-o", picture, "--by", "colour"}, []string{`--by "colour"`, "tasks, rate, frames, cut, nodes, run"}},
		{[]string{runs, "-o", picture, "--run", "r"}, []string{"--run r", "--trace"}},
		{[]string{runs, "-o", picture, "--trace", "t.jsonl"}, []string{"--trace", runs}},
		{[]string{runs, "-o", picture, "--colour"}, []string{"colour"}},
		{[]string{runs, "-o"}, []string{"-o"}},
	} {
		refused(t, exitUsage, append(test.named, "tandem --help"), append([]string{"plot"}, test.args...)...)
	}
	refused(t, exitFailed, []string{"absent", "no such file"}, "plot", "absent", "-o", picture)
	refused(t, exitFailed, []string{labels, "line 1"}, "plot", labels, "-o", picture)
	if _, err := os.Stat(picture); err == nil {
		t.Error("there is a picture all the same")
	}
}

// A CA that is not whole is not made anew, and a device's files are not the CA's.
func TestWrongCertCommandIsRefused(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "ca")
	if code, _, stderr := tandem(t, "cert", "--ca-dir", folder, "laptop"); code != 0 {
		t.Fatalf("code %d: %s", code, stderr)
	}
	if err := os.Remove(filepath.Join(folder, "ca-key.pem")); err != nil {
		t.Fatal(err)
	}
	refused(t, exitFailed, []string{"ca-key.pem", "--ca-dir"}, "cert", "--ca-dir", folder, "laptop")
	refused(t, exitFailed, []string{`"../x"`, "slow,slow.local,192.168.1.12"}, "cert", "--ca-dir", t.TempDir(), "../x")
	refused(t, exitFailed, []string{"those of the CA"}, "cert", "--ca-dir", t.TempDir(), "ca")
	refused(t, exitFailed, []string{"those of the CA"}, "cert", "--ca-dir", t.TempDir(), "slow-key,slow")
}

// The flags of a command may stand before and behind its files.
func TestPlotCommand(t *testing.T) {
	const runs = "role/plot/testdata/tasks.jsonl"
	reports, err := os.ReadFile(runs)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var first []byte
	for i, args := range []string{
		"plot " + runs + " -o PICTURE --title t", "plot -o PICTURE " + runs + " --title=t", "plot --title t --output=PICTURE " + runs,
		"plot - -o PICTURE --title t", "plot -o PICTURE --title t -- -",
	} {
		picture := filepath.Join(folder, strconv.Itoa(i)+".svg")
		code, out, stderr := tandemReading(t, string(reports), strings.Fields(strings.ReplaceAll(args, "PICTURE", picture))...)
		drawn, err := os.ReadFile(picture)
		if code != 0 || out != "" || stderr != "" || err != nil || !bytes.HasPrefix(drawn, []byte("<svg")) {
			t.Errorf("tandem %s: code %d, stdout %q, %v: %s", args, code, out, err, stderr)
		}
		if first == nil {
			first = drawn
		}
		if !bytes.Equal(drawn, first) {
			t.Errorf("tandem %s draws another picture", args)
		}
	}
	for _, args := range [][]string{{"inspect", digits, "--format", "json"}, {"inspect", "--format=json", digits}} {
		if code, out, stderr := tandem(t, args...); code != 0 || !strings.Contains(out, `"digits_mlp.onnx"`) {
			t.Errorf("tandem %q: code %d, %q: %s", args, code, out, stderr)
		}
	}
	if code, out, _ := tandem(t, "plot", "--help"); code != 0 || !strings.Contains(out, "tasks, rate, frames, cut, nodes, run") {
		t.Errorf("code %d, %q", code, out)
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	code, help, _ := tandem(t, "--help")
	if code != 0 || !strings.Contains(help, "--max-age by TANDEM_MAX_AGE") {
		t.Errorf("code %d: %s", code, help)
	}
	for _, s := range options.Table(&options.Options{}) {
		if !strings.Contains(help, "--"+s.Name) {
			t.Errorf("--%s is missing:\n%s", s.Name, help)
		}
		if strings.Contains(help, "--"+s.Name+" VALUE") == s.Switch {
			t.Errorf("it is told wrongly whether --%s takes a value", s.Name)
		}
	}
	if _, again, _ := tandem(t, "help"); again != help {
		t.Errorf("tandem help says %q", again)
	}
}

// A role's help has the flags that it takes, with its own defaults, and no others.
func TestHelpOfARole(t *testing.T) {
	for _, r := range options.Roles {
		code, help, _ := tandem(t, "help", string(r))
		if code != 0 {
			t.Errorf("code %d", code)
		}
		for _, s := range options.Table(&options.Options{}) {
			if takes := slices.Contains(s.Roles, r); strings.Contains(help, "\n  --"+s.Name+"\n") != (takes && s.Switch) || strings.Contains(help, "\n  --"+s.Name+" VALUE\n") != (takes && !s.Switch) {
				t.Errorf("help of %s: --%s is there or missing wrongly", r, s.Name)
			}
		}
		for line := range strings.Lines(help) {
			if n := utf8.RuneCountInString(line) - 1; n > 80 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	}
	if _, help, _ := tandem(t, "help", "fast"); !strings.Contains(help, "(default: balance)") {
		t.Error("fast's own strategy is not told")
	}
	for _, command := range []string{"inspect", "plot", "cert"} {
		_, help, _ := tandem(t, "help", command)
		if _, same, _ := tandem(t, command, "--help"); same != help || !strings.Contains(help, "tandem "+command) {
			t.Errorf("help of %s: %q, and %q", command, help, same)
		}
	}
}

// A word that is nearly right is answered with the right one.
func TestDidYouMean(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{"--quee 5", "did you mean --queue?"},
		{"--stategy balance", "did you mean --strategy?"},
		{"--max_age 5s", "did you mean --max-age?"},
		{"--strategy balanc", "did you mean balance?"},
		{"--strategy Takeover", "did you mean takeover?"},
		{"--role client --next a --strategy alternat", "did you mean alternate?"},
		{"--role fats", "did you mean fast?"},
		{"--log-level warning", "did you mean warn?"},
		{"inspct x.onnx", "did you mean inspect?"},
		{"plto", "did you mean plot?"},
		{"help clint", "did you mean client?"},
		{"plot --titel x", "did you mean --title?"},
		{"plan --hlep", "did you mean --help?"},
		{"sweep --stratgy x", "did you mean --strategy?"},
	} {
		refused(t, exitUsage, []string{test.says}, strings.Fields(test.args)...)
	}
	refused(t, exitUsage, []string{`"xyzzy" is no command (`}, "xyzzy") // nothing is near
	for variable, says := range map[string]string{"TANDEM_QUEU": "TANDEM_QUEUE", "TANDEM_MAXAGE": "TANDEM_MAX_AGE", "TANDEM_EMULATE_SLOW": "TANDEM_EMULATE"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "1")
			refused(t, exitUsage, []string{variable + " is no setting: did you mean " + says + "?"})
		})
	}
}

func TestVersion(t *testing.T) {
	defer func(v string) { version = v }(version)
	version = "v1.2.3"
	if code, out, _ := tandem(t, "--version"); code != 0 || out != "tandem version v1.2.3\n" {
		t.Errorf("code %d, %q", code, out)
	}
}

// short is a run that takes no time.
var short = []string{"--model", digits, "--strategy", "replicate", "--interval", "1ms", "--frames", "3", "--emulate", "off"}

func TestEnvironment(t *testing.T) {
	for name, v := range map[string]string{
		"frames": "4", "interval": "1ms", "emulate": "off", "strategy": "s3", "format": "csv", "no-header": "true", "model": digits,
	} {
		t.Setenv(environment(name), v)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, ",replicate,0,4,1.000,"},
		{[]string{"--frames", "5", "--interval=2ms"}, ",replicate,0,5,2.000,"},
		{[]string{"--frames", "6", "--frames", "7"}, ",replicate,0,7,1.000,"},
		{[]string{"--no-header=false"}, "run,strategy,tasks,"},
	} {
		code, out, stderr := tandem(t, test.args...)
		if code != 0 || !strings.Contains(out, test.want) {
			t.Errorf("%q: code %d, %q, want %q: %s", test.args, code, out, test.want, stderr)
		}
	}
}

// A repeatable flag takes the place of its variable instead of adding to it.
func TestEnvironmentOfRepeatableFlag(t *testing.T) {
	t.Setenv("TANDEM_NEXT", "a:1,b:2")
	refused(t, exitUsage, []string{"given 2 times"}, "--role", "slow")
	refused(t, exitUsage, []string{"given 3 times"}, "--role", "slow", "--next", "c:3", "--next", "d:4", "--next", "e:5")
	refused(t, exitUsage, []string{"given once"}, "--role", "client", "--strategy", "s3", "--next", "c:3")
}

func TestReportGoesWhereItIsWanted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.csv")
	code, out, stderr := tandem(t, slices.Concat(short, []string{"--format", "csv", "--output", file})...)
	got, err := os.ReadFile(file)
	lines := strings.Split(string(got), "\n")
	if code != 0 || out != "" || err != nil || len(lines) != 3 || !strings.HasPrefix(lines[0], "run,strategy,") {
		t.Errorf("code %d, stdout %q, file %q (%v): %s", code, out, got, err, stderr)
	}
	if code, out, _ = tandem(t, short...); code != 0 || !strings.Contains(out, "replicate") {
		t.Errorf("code %d, table %q", code, out)
	}
}

const (
	digits = "model/testdata/digits_mlp.onnx"
	images = "model/testdata/digits_images.npy"
	labels = "model/testdata/digits_labels.npy"
	logits = "model/testdata/digits_mlp_logits.npy"
)

// What only shows when files are opened and neighbours called ends the program with an error that names it.
func TestFailureNamesItsCause(t *testing.T) {
	folder := t.TempDir()
	cut := func(path string, n int) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		short := filepath.Join(folder, strconv.Itoa(n)+filepath.Base(path))
		if err := os.WriteFile(short, b[:min(n, len(b))], 0o600); err != nil {
			t.Fatal(err)
		}
		return short
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	nobody := unusedAddress(t)
	absent := filepath.Join(folder, "absent")

	node := []string{"--listen", "127.0.0.1:0", "--wait", "0s"}
	for _, test := range []struct {
		args  []string
		named []string
	}{
		{[]string{"--input", absent}, []string{"--input", absent, "no such file"}},
		{[]string{"--input", digits}, []string{"--input " + digits, ".npy file", "folder"}},
		{[]string{"--input", folder}, []string{"--input " + folder, ".png"}},
		{[]string{"--input", cut(images, 0)}, []string{"--input", "0digits_images.npy", "numpy.save"}},
		{[]string{"--input", cut(images, 60)}, []string{"--input", "60digits_images.npy"}},
		{[]string{"--input", cut(images, 50_000)}, []string{"--input", "50000digits_images.npy", "cut short"}},
		{[]string{"--input", labels}, []string{"--input " + labels, "float32"}},
		{[]string{"--input", images}, []string{"--input " + images, "[360 64]", "[100]"}}, // the default model takes 100
		{[]string{"--input", images, "--model", digits, "--labels", absent}, []string{"--labels", absent}},
		{[]string{"--input", images, "--model", digits, "--labels", images}, []string{"--labels " + images, "integers"}},
		{[]string{"--input", images, "--model", digits, "--labels", cut(labels, 200)}, []string{"--labels", "cut short"}},
		{[]string{"--input", logits, "--model", digits, "--labels", labels}, []string{"--input " + logits, "[360 10]", "[64]"}},
		{[]string{"--model", absent}, []string{absent, "no such file"}},
		{[]string{"--model", folder}, []string{folder, "ONNX"}},
		{[]string{"--model", images}, []string{images}},
		{[]string{"--model", cut(digits, 0)}, []string{"0digits_mlp.onnx"}},
		{[]string{"--model", cut(digits, 100_000)}, []string{"100000digits_mlp.onnx"}},
		{[]string{"--cut", "9"}, []string{"cut", "9"}},
		{[]string{"--cut", "nowhere"}, []string{"cut", "nowhere"}},
		{[]string{"--output", filepath.Join(absent, "x")}, []string{"--output", absent}},
		{[]string{"--results", filepath.Join(absent, "x")}, []string{"--results", absent}},
		{[]string{"--role", "end", "--listen", taken.Addr().String()},
			[]string{"--listen " + taken.Addr().String(), "in use", "choose another port"}},
		{[]string{"--role", "end", "--listen", "192.0.2.1:1"}, []string{"--listen 192.0.2.1:1"}}, // not of this machine
		{[]string{"--role", "end", "--listen", "127.0.0.1:0", "--labels", absent}, []string{"--labels", absent}},
		{slices.Concat([]string{"--role", "slow", "--next", nobody}, node),
			[]string{nobody, "cannot be reached", "start that node first", "--wait"}},
		{slices.Concat([]string{"--role", "fast", "--next", taken.Addr().String(), "--end", nobody}, node),
			[]string{nobody, "cannot be reached", "start that node first", "--wait"}},
		{[]string{"--role", "client", "--next", nobody}, []string{nobody, "cannot be reached", "start that node first", "--next"}},
		{[]string{"--role", "client", "--next", nobody, "--input", absent}, []string{"--input", absent}},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel() // some of them wait
			refused(t, exitFailed, test.named, test.args...)
		})
	}
	fewer := filepath.Join(folder, "fewer.npy") // labels than images
	const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}\n"
	if err := os.WriteFile(fewer, []byte("\x93NUMPY\x01\x00"+string(rune(len(header)))+"\x00"+header+"\x01\x02\x03"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, exitFailed, []string{"--labels " + fewer, "3 labels", "360"},
		"--input", images, "--model", digits, "--labels", fewer, "--strategy", "replicate", "--emulate", "off", "--interval", "0")

	code, out, stderr := tandemReading(t, "12345", "--strategy", "baseline", "--input", "-")
	if code != exitFailed || out != "" || !strings.Contains(stderr, "--input -: it ends within frame 0, after 5 of 400 bytes") {
		t.Errorf("code %d, stdout %q: %s", code, out, stderr)
	}
}

func unusedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A flag without a value leaves what follows it to the command.
func TestSwitchesOfACommand(t *testing.T) {
	for _, line := range []string{
		"simulate --resident --strategy balance --frames 10", "simulate --shared-link --link wifi --strategy balance --frames 10",
		"sweep --simulate --shared-link --link wifi --strategy balance --frames 10",
	} {
		if code, _, stderr := tandem(t, strings.Fields(line)...); code != 0 {
			t.Errorf("%s: exit %d: %s", line, code, stderr)
		}
	}
}
