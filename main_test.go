package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"codeberg.org/sbinet/npyio/npy"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/strategy"
)

// asProgram is the environment variable that makes the test's binary be the program.
const asProgram = "RUN_AS_TANDEM"

// patience is how long a test waits for what must happen, on a machine that is busy with other things.
const patience = time.Minute

// TestMain lets the process tests run this binary again, as nodes and clients.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	for _, variable := range os.Environ() { // those of whoever runs the tests must not reach them
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TANDEM_") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

func environment(name string) string { return options.Setting{Name: name}.Variable() }

// The command line, in this process. These tests are not parallel: cli's help and version flags are shared variables.

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
	{"end", "127.0.0.1:1", []string{"end:", "end:x"}, "host:port"},
	{"strategy", "s1", []string{"s9", "Baseline", ""}, "baseline, takeover (s1), alternate (s2), balance, credit, replicate (s3)"},
	{"tasks", "5", []string{"0", "-1", "1.5", "many", "99999999999999999999"}, "whole number from 1"},
	{"frames", "5", []string{"-1", "1e3", "all"}, "whole number, 0 or more"},
	{"interval", "1ms", []string{"30", "-1ms", "fast"}, "a time of 0s or more"},
	{"input", "x.npy", []string{""}, "empty"},
	{"labels", "x.npy", []string{""}, "empty"},
	{"results", "x.jsonl", []string{""}, "empty"},
	{"classes", "x.txt", []string{""}, "empty"},
	{"preprocess", "imagenet,layout=hwc", []string{"x", "mean=1,2", "mean=1,2,3,4", "std=0", "layout=nchw", "layout=HWC"}, "use imagenet, or mean, std and layout"},
	{"model", "x.onnx", []string{""}, "empty"},
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
	{"slow-nodes", "4", []string{"0", "65"}, "whole number from 1 to 64"},
	{"link", "wifi", []string{"wlan", "", "delay=3", "loss=1", "rate=20", "delay=1ms,delay=2ms"}, "off, wifi, wifi-pi4, ethernet, or a shape"},
	{"wire", "int8", []string{"float64", "FLOAT16", ""}, "float32, float16"},
	{"resident", "true", []string{"maybe"}, "maybe"},
	{"emulate", "pi3", []string{"pi9", "head=4", "head=-4ms", "body=4ms", "head=1ms;tail=2ms", "pi3,slow:pi9"}, "off, pi3, or times"},
	{"power", "pi3b+", []string{"pi9", "2", "1,2,3,4", "2,x", "-1,2", "3,2", "inf,inf", "NaN,NaN", "2,4,-1"}, "off, pi3b+, pi4, pi5, or watts IDLE,BUSY"},
	{"format", "json", []string{"xml", "JSON"}, "table, json or csv"},
	{"no-header", "true", []string{"maybe"}, "maybe"},
	{"output", "x.csv", []string{""}, "empty"},
	{"tls-cert", "x.pem", []string{""}, "empty"},
	{"tls-key", "x.pem", []string{""}, "empty"},
	{"tls-ca", "x.pem", []string{""}, "empty"},
	{"key", "x", []string{""}, "empty"},
	{"max-body", "1MiB", []string{"0", "1", "2GiB", "-1MiB", "big"}, "1KiB to 1GiB"},
	{"wait", "1s", []string{"-1s", "1"}, "a time of 0s or more"},
	{"idle", "5s", []string{"1s", "x"}, "a time of 2s or more"},
	{"drain", "1s", []string{"0s", "x"}, "a time of 100ms or more"},
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
	for _, s := range options.Table() {
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
		{"--role client", []string{"--next is missing", "--next fast:12345"}},
		{"--role slow", []string{"--next", "--next end:12345"}},
		{"--role fast", []string{"--next", "--next slow:12345", "--end is missing", "--end end:12345"}},
		{"--role fast --next a:1", []string{"--end is missing"}},
		{"--role fast --end a:1", []string{"--next"}},
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
	for _, s := range options.Table() {
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
		for _, s := range options.Table() {
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
		{"plot --titel x", "did you mean title?"},
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
		{nil, ",replicate,0,4,1.000,4,"},
		{[]string{"--frames", "5", "--interval=2ms"}, ",replicate,0,5,2.000,5,"},
		{[]string{"--frames", "6", "--frames", "7"}, ",replicate,0,7,1.000,7,"},
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
	if code, out, _ = tandem(t, short...); code != 0 || !strings.Contains(out, "100.0 %") {
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
	defer taken.Close()
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
		refused(t, exitFailed, test.named, test.args...)
	}
	fewer := filepath.Join(folder, "fewer.npy") // labels than images
	file, err := os.Create(fewer)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(npy.Write(file, []int64{1, 2, 3}), file.Close()); err != nil {
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

// The processes: this binary, run again.

// process is one of them.
type process struct {
	*exec.Cmd
	stdout, stderr stream
	ended          chan struct{} // closed when code stands
	code           int           // -1: killed by a signal
}

// launch starts the program. It does not outlive the test.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), ended: make(chan struct{})}
	p.Env = append(os.Environ(), asProgram+"=1")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.Wait() // its code says it all
		p.code = p.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("tandem %q: code %d\n%s%s", args, p.code, p.stdout.text(), p.stderr.text())
		}
	})
	return p
}

func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended
	<-p.ended
}

func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// exit waits until the process has ended, and checks its code.
func (p *process) exit(t *testing.T, want int) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("%q does not end", p.Args[1:])
	}
	if p.code != want {
		t.Fatalf("%q: code %d, want %d: %s", p.Args[1:], p.code, want, p.stderr.text())
	}
}

// line waits for a line that contains all the texts. It is "" where the process ends without it.
func (p *process) line(t *testing.T, s *stream, texts ...string) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		ended := isClosed(p.ended) // asked first, as what it wrote last comes before it
		line, changed := s.find(texts)
		if line != "" || ended {
			return line
		}
		select {
		case <-changed:
		case <-p.ended:
		case <-deadline:
			t.Fatalf("%q does not say %q: %s", p.Args[1:], texts, s.text())
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// stream keeps what a process writes, and tells of what is new.
type stream struct {
	mu      sync.Mutex
	written []byte
	changed chan struct{} // closed by the next write; nil: nobody waits
}

func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, b...)
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	return len(b), nil
}

func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.written)
}

// find returns the last whole line that contains all the texts, or a channel that is closed when there is more.
func (s *stream) find(texts []string) (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := strings.Split(string(s.written), "\n")
	for _, line := range slices.Backward(lines[:len(lines)-1]) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			return line, nil
		}
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return "", s.changed
}

// site is three nodes, each a process on a loopback address of its own.
type site struct {
	nodes   map[options.Role]*process
	flags   map[options.Role][]string
	address map[options.Role]string
	results string // file
}

// newSite starts the nodes with flags for all of them, and some for fast and slow only.
func newSite(t *testing.T, all, workers []string) *site {
	t.Helper()
	s := &site{
		nodes:   map[options.Role]*process{},
		flags:   map[options.Role][]string{},
		address: map[options.Role]string{options.End: loopback(2), options.Slow: loopback(3), options.Fast: loopback(4)},
		results: filepath.Join(t.TempDir(), "results.jsonl"),
	}
	s.flags[options.End] = slices.Concat(all, []string{"--results", s.results, "--format", "json"})
	s.start(t, options.End)
	s.flags[options.Slow] = slices.Concat(all, workers, []string{"--next", s.address[options.End]})
	s.start(t, options.Slow)
	s.flags[options.Fast] = slices.Concat(all, workers, []string{"--next", s.address[options.Slow], "--end", s.address[options.End]})
	s.start(t, options.Fast)
	return s
}

// loopback returns 127.0.0.n with any port, or 127.0.0.1 on systems where that is the only one.
func loopback(n int) string {
	address := "127.0.0." + strconv.Itoa(n) + ":0"
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = l.Close()
	return address
}

// start starts a node where it was before, and waits until it is ready.
func (s *site) start(t *testing.T, r options.Role) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		p := launch(t, slices.Concat(s.flags[r], []string{"--role", string(r), "--listen", s.address[r], "--log-format", "json"})...)
		line := p.line(t, &p.stderr, `"message":"ready"`)
		if line != "" {
			var ready struct{ Address string }
			if err := json.Unmarshal([]byte(line), &ready); err != nil {
				t.Fatal(err)
			}
			s.nodes[r], s.address[r] = p, ready.Address
			return
		}
		// Somebody may have been given the port while it was free.
		if !strings.Contains(p.stderr.text(), "port is in use") || time.Now().After(deadline) {
			t.Fatalf("the %s node does not start: %s", r, p.stderr.text())
		}
	}
}

// client starts a client of this site.
func (s *site) client(t *testing.T, flags ...string) *process {
	t.Helper()
	args := []string{"--role", "client", "--format", "json", "--log-format", "json", "--next", s.address[options.Fast]}
	if slices.Contains(flags, "replicate") {
		args = append(args, "--next", s.address[options.Slow])
	}
	return launch(t, append(args, flags...)...)
}

// run plays one run to its end.
func (s *site) run(t *testing.T, flags ...string) pipeline.Report {
	t.Helper()
	return s.report(t, s.client(t, flags...))
}

// report waits for a client's report, and checks that it is sound and the same at end.
func (s *site) report(t *testing.T, client *process) pipeline.Report {
	t.Helper()
	client.exit(t, 0)
	text := strings.TrimSuffix(client.stdout.text(), "\n")
	r := parse(t, text)
	if atEnd := s.nodes[options.End].line(t, &s.nodes[options.End].stdout, r.Run); atEnd != text {
		t.Errorf("client and end differ:\n%s\n%s", text, atEnd)
	}
	var roles []string
	var gone int64
	for _, n := range r.Nodes {
		roles = append(roles, n.Role)
		gone += n.Gone()
	}
	if !slices.Equal(slices.Compact(roles), []string{"client", "fast", "slow", "end"}) {
		t.Errorf("the report has the nodes %q", roles)
	}
	if r.Unaccounted != 0 || r.Duplicates != 0 || r.Delivered+gone != r.Frames || slices.ContainsFunc(r.Notes, func(note string) bool {
		return !strings.Contains(note, "this machine was too busy")
	}) {
		t.Errorf("the report does not add up: %s", text)
	}
	return r
}

// parse reads a report and checks the ledgers that it has.
func parse(t *testing.T, text string) pipeline.Report {
	t.Helper()
	var r pipeline.Report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	for _, n := range r.Nodes {
		if n.Here() != 0 {
			t.Errorf("the ledger of %s leaves %d frames: %+v", n.Role, n.Here(), n)
		}
	}
	return r
}

func entry(t *testing.T, r pipeline.Report, of options.Role) pipeline.Entry {
	t.Helper()
	i := slices.IndexFunc(r.Nodes, func(e pipeline.Entry) bool { return e.Role == string(of) })
	if i < 0 {
		t.Fatalf("the report has no %s node: %+v", of, r)
	}
	return r.Nodes[i]
}

// result is a line of end's results.
type result struct {
	Run   string
	ID    int
	Class int
	Score float32
	Node  options.Role
}

// resultsOf reads the results of one run; there must be one for each delivered frame.
func resultsOf(t *testing.T, path string, r pipeline.Report) map[int]result {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]result{}
	for line := range strings.Lines(string(text)) {
		var one result
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if one.Run == r.Run {
			all[one.ID] = one
		}
	}
	if int64(len(all)) != r.Delivered {
		t.Errorf("%s: there are results of %d frames, and %d were delivered", r.Strategy, len(all), r.Delivered)
	}
	return all
}

// agree checks results of the digits against PyTorch's, and returns how many each node has finished.
func agree(t *testing.T, results map[int]result, outputs string) map[options.Role]int64 {
	t.Helper()
	const classes = 10
	file, err := os.Open(outputs)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var want []float32
	if err := npy.Read(file, &want); err != nil {
		t.Fatal(err)
	}
	finished := map[options.Role]int64{}
	for id, got := range results {
		finished[got.Node]++
		at := id * classes % len(want)
		row := want[at : at+classes]
		if best := slices.Max(row); row[got.Class] != best || math.Abs(float64(got.Score-best)) > 1e-4 {
			t.Errorf("frame %d, finished on %s: class %d with %v, and PyTorch has %v", id, got.Node, got.Class, got.Score, row)
		}
	}
	return finished
}

// classify feeds the digits.
var classify = []string{"--input", images, "--labels", labels}

// overload is a device so slow that a client at this interval would have to stand still for seconds not to overload it.
var (
	overload = []string{"--model", digits, "--queue", "4", "--emulate", "head=1ms,tail=40ms,load=50ms"}
	quickly  = []string{"--frames", "80", "--interval", "5ms"}
)

// Each strategy sheds what it should, its results are right wherever they were made, and a node that was killed between
// runs is missed by nobody.
func TestFourProcesses(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, overload)
	for _, test := range []struct {
		strategy string
		tasks    int
	}{{"baseline", 0}, {"takeover", 5}, {"alternate", 5}, {"replicate", 0}} {
		flags := slices.Concat(classify, quickly, []string{"--strategy", test.strategy})
		if test.tasks > 0 {
			flags = append(flags, "--tasks", strconv.Itoa(test.tasks))
		}
		r := s.run(t, flags...)
		if r.Strategy != test.strategy || r.Tasks != test.tasks || r.Frames != 80 || r.Model != "digits_mlp.onnx" || r.Accuracy == nil {
			t.Errorf("another run is reported: %+v", r)
		}
		fast, slow := entry(t, r, options.Fast), entry(t, r, options.Slow)
		finished := agree(t, resultsOf(t, s.results, r), logits)
		if finished[options.Fast] != fast.Finished || finished[options.Slow] != slow.Finished {
			t.Errorf("%s: results of %v, and the ledgers have %+v and %+v", test.strategy, finished, fast, slow)
		}
		if slow.Finished == 0 || slow.Refused+fast.Refused == 0 {
			t.Errorf("%s: slow was not overloaded: %+v", test.strategy, r.Nodes)
		}
		if helps := test.strategy != "baseline"; (fast.Finished > 0) != helps || (fast.Switches > 0) != (test.tasks > 0) {
			t.Errorf("%s: fast has %+v", test.strategy, fast)
		}
	}
	for _, r := range []options.Role{options.Slow, options.Fast, options.End} {
		s.nodes[r].kill()
		s.start(t, r)
		report := s.run(t, slices.Concat(classify, quickly, []string{"--strategy", "alternate"})...)
		agree(t, resultsOf(t, s.results, report), logits)
	}
}

// Where nothing is refused, the classifier is as good as its training, and four processes have the results of one.
func TestDigitsAcrossProcesses(t *testing.T) {
	t.Parallel()
	worker := []string{"--model", digits, "--queue", "360"}
	unpaced := slices.Concat(classify, []string{"--frames", "360", "--interval", "0"})

	file := filepath.Join(t.TempDir(), "local.jsonl")
	local := launch(t, slices.Concat(worker, unpaced,
		[]string{"--emulate", "off", "--strategy", "replicate", "--format", "json", "--results", file})...)
	local.exit(t, 0)
	inOne := resultsOf(t, file, parse(t, local.stdout.text()))

	s := newSite(t, nil, worker)
	for _, name := range []string{"baseline", "replicate"} { // without overload the others are as baseline
		r := s.run(t, append(unpaced, "--strategy", name)...)
		if r.Delivered != 360 || r.Accuracy == nil || math.Abs(*r.Accuracy-98.9) > 0.05 {
			t.Errorf("%s: %+v, want 360 delivered and an accuracy of 98.9 %%", name, r)
		}
		inFour := resultsOf(t, s.results, r)
		agree(t, inFour, logits)
		for id, a := range inOne {
			if b := inFour[id]; a.Class != b.Class || a.Score != b.Score {
				t.Errorf("%s: frame %d has %+v, and %+v in one process", name, id, b, a)
			}
		}
	}
}

// A network with convolutions, cut in the middle: with every strategy and under overload the outputs are PyTorch's,
// whichever node finished the frame.
func TestCNNAcrossProcesses(t *testing.T) {
	t.Parallel()
	cnn := []string{"--model", "model/testdata/digits_cnn.onnx", "--queue", "3", "--emulate", "tail=40ms,load=20ms"}
	s := newSite(t, nil, cnn)
	for _, e := range strategy.All() {
		r := s.run(t, "--input", images, "--frames", "80", "--interval", "5ms", "--tasks", "5", "--strategy", e.Name)
		finished := agree(t, resultsOf(t, s.results, r), "model/testdata/digits_cnn_probabilities.npy")
		if e.Name != "baseline" && (finished[options.Fast] == 0 || finished[options.Slow] == 0) {
			t.Errorf("%s: fast finished %d frames, slow %d", e.Name, finished[options.Fast], finished[options.Slow])
		}
	}
}

// endless starts a client that goes on until it is stopped, and returns when its first frames have arrived.
func (s *site) endless(t *testing.T) *process {
	t.Helper()
	before := s.delivered(t)
	p := s.client(t, "--frames", "0", "--interval", "5ms", "--strategy", "alternate")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); s.delivered(t) < before+10; <-tick.C {
		if time.Now().After(deadline) || isClosed(p.ended) {
			t.Fatalf("no frames arrive: %s", p.stderr.text())
		}
	}
	return p
}

// delivered is the number of results since end was started.
func (s *site) delivered(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(s.results)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

var light = []string{"--model", digits, "--emulate", "head=1ms,tail=2ms,load=5ms"}

func TestSecondRunIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, light)
	first := s.endless(t)
	second := s.client(t)
	second.exit(t, exitFailed)
	for _, want := range []string{"busy", "is active on the fast node", "close it"} {
		if !strings.Contains(second.stderr.text(), want) {
			t.Errorf("it says %q: %q is missing", second.stderr.text(), want)
		}
	}
	if second.stdout.text() != "" {
		t.Errorf("it prints %q", second.stdout.text())
	}
	first.terminate(t) // ends the intake, and what is on the way is still reported
	if r := s.report(t, first); r.Delivered < 10 || r.Frames < r.Delivered {
		t.Errorf("%+v", r)
	}

	astray := launch(t, "--role", "client", "--next", s.address[options.End])
	astray.exit(t, exitFailed)
	if want := "--next " + s.address[options.End] + " takes results, not frames: name the fast node"; !strings.Contains(astray.stderr.text(), want) {
		t.Errorf("it says %q, want %q", astray.stderr.text(), want)
	}
	s.run(t, quickly...)
}

// A node that is told to stop works off what it has, says so in the report, and is missed by nobody when it is back.
func TestNodeStopsDuringRun(t *testing.T) {
	for _, r := range []options.Role{options.Fast, options.Slow, options.End} {
		t.Run(string(r), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil, light)
			client := s.endless(t)
			end := s.nodes[options.End]
			s.nodes[r].terminate(t)
			s.nodes[r].exit(t, 0)
			client.terminate(t)
			select {
			case <-client.ended:
			case <-time.After(patience):
				t.Fatal("the client does not end")
			}
			line := end.line(t, &end.stdout, "was stopped during the run")
			if report := parse(t, line); report.Delivered < 10 {
				t.Errorf("%+v", report)
			}
			s.start(t, r)
			s.run(t, quickly...)
		})
	}
}

// A client that is gone without a word holds its run open no longer than --idle.
func TestClientIsKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, []string{"--idle", "2s"}, light)
	client := s.endless(t)
	client.kill()
	end := s.nodes[options.End]
	line := end.line(t, &end.stdout, "was silent for 2s and did not close the run")
	if r := parse(t, line); r.Delivered < 10 || !strings.Contains(strings.Join(r.Notes, "; "), "client-") {
		t.Errorf("%+v", r)
	}
	s.run(t, quickly...)
}

// Certificates made by the program itself carry a run over every hop; a client without one is told what to do.
func TestCertificates(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "ca")
	devices := []string{"node,127.0.0.1,127.0.0.2,127.0.0.3,127.0.0.4", "laptop"}
	code, out, stderr := tandem(t, slices.Concat([]string{"cert", "--ca-dir", folder}, devices)...)
	if code != 0 || strings.Count(out, "\n") != 3 || !strings.Contains(out, "a new CA") || !strings.Contains(out, "laptop-key.pem, for laptop, until ") {
		t.Fatalf("code %d, %q: %s", code, out, stderr)
	}
	for name, mode := range map[string]os.FileMode{"ca": 0o600, "node": 0o600, "laptop": 0o600} {
		if info, err := os.Stat(filepath.Join(folder, name+"-key.pem")); err != nil || info.Mode() != mode {
			t.Errorf("the key of %s: %v, %v", name, info.Mode(), err)
		}
	}
	with := func(name string) []string {
		path := filepath.Join(folder, name)
		return []string{"--tls-cert", path + ".pem", "--tls-key", path + "-key.pem", "--tls-ca", filepath.Join(folder, "ca.pem")}
	}
	s := newSite(t, with("node"), light)
	s.run(t, slices.Concat(quickly, with("laptop"))...)

	stranger := s.client(t)
	stranger.exit(t, exitFailed)
	fast := s.nodes[options.Fast]
	if said := stranger.stderr.text(); !strings.Contains(said, "not admitted: it speaks no TLS, and this node nothing else: start it with --tls-cert") {
		t.Errorf("it says %q", said)
	}
	fast.line(t, &fast.stderr, `"reason":"no_tls"`, "peer refused")

	// Another certificate of the CA that is there, with the flag behind the name; a CA that is not whole is not made anew.
	if code, out, stderr := tandem(t, "cert", "laptop", "--ca-dir", folder); code != 0 || strings.Contains(out, "CA") {
		t.Errorf("code %d, %q: %s", code, out, stderr)
	}
	s.run(t, slices.Concat(quickly, with("laptop"))...)
	if err := os.Remove(filepath.Join(folder, "ca-key.pem")); err != nil {
		t.Fatal(err)
	}
	refused(t, exitFailed, []string{"ca-key.pem", "--ca-dir"}, "cert", "--ca-dir", folder, "laptop")
	refused(t, exitFailed, []string{`"../x"`, "slow,slow.local,192.168.1.12"}, "cert", "--ca-dir", t.TempDir(), "../x")
	refused(t, exitFailed, []string{"those of the CA"}, "cert", "--ca-dir", t.TempDir(), "ca")
	refused(t, exitFailed, []string{"those of the CA"}, "cert", "--ca-dir", t.TempDir(), "slow-key,slow")
}

// A key is changed without a pause: first all accept both, then all show the new one. Who shows neither is refused.
func TestKeyIsReadAgain(t *testing.T) {
	t.Parallel()
	const before, after = "the-secret-of-before", "the-secret-of-after"
	folder := t.TempDir()
	write := func(name string, keys ...string) []string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"--key", path}
	}
	s := newSite(t, write("key", before), light)
	s.run(t, slices.Concat(quickly, write("client", before))...)
	for _, step := range []struct {
		nodes   []string
		client  string
		refused bool
	}{
		{[]string{before, after}, before, false},
		{[]string{after, before}, after, false},
		{[]string{after}, after, false},
		{[]string{after}, before, true},
		{[]string{"short"}, after, false}, // no key: what was read before stays
	} {
		write("key", step.nodes...)
		for _, n := range s.nodes {
			seen := strings.Count(n.stderr.text(), " read again")
			if err := n.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(patience); strings.Count(n.stderr.text(), " read again") == seen; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) || isClosed(n.ended) {
					t.Fatalf("the signal is not heard: %s", n.stderr.text())
				}
			}
		}
		flags := slices.Concat(quickly, write("client", step.client))
		if !step.refused {
			s.run(t, flags...)
			continue
		}
		client := s.client(t, flags...)
		client.exit(t, exitFailed)
		if said := client.stderr.text(); !strings.Contains(said, "give every node the same --key") || !strings.Contains(said, s.address[options.Fast]) {
			t.Errorf("it says %q", said)
		}
	}
}

// A network is cut twice and spread over three processes, as the README has it; fast and the first slow node each say
// what they decided.
func TestChainAcrossProcesses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	worker := []string{"--model", "model/testdata/digits_cnn.onnx", "--queue", "3", "--emulate", "head=2ms,tail=20ms,15ms@1s,load=20ms"}
	s := &site{
		nodes: map[options.Role]*process{}, flags: map[options.Role][]string{},
		address: map[options.Role]string{options.End: loopback(2), options.Slow: loopback(3), options.Fast: loopback(4)},
		results: filepath.Join(folder, "results.jsonl"),
	}
	node := func(r options.Role, flags ...string) {
		s.flags[r] = flags
		s.start(t, r)
	}
	traces := map[options.Role]string{options.Fast: filepath.Join(folder, "fast.jsonl"), options.Slow: filepath.Join(folder, "slow.jsonl")}
	node(options.End, "--results", s.results, "--format", "json")
	end := s.address[options.End]
	node(options.Slow, append(worker, "--next", end)...)
	last := s.address[options.Slow]
	s.address[options.Slow] = loopback(5) // the first one is a process beside it
	node(options.Slow, append(worker, "--next", last, "--end", end, "--trace", traces[options.Slow])...)
	node(options.Fast, append(worker, "--next", s.address[options.Slow], "--end", end, "--cut", "3", "--cut", "7", "--trace", traces[options.Fast])...)
	for _, name := range []string{"alternate", "balance", "replicate"} {
		r := s.run(t, "--input", images, "--frames", "80", "--interval", "5ms", "--tasks", "5", "--strategy", name)
		if !slices.Equal(r.Cuts, []int{3, 7}) || r.Cut != 3 || len(r.Nodes) != 5 {
			t.Errorf("%s: cuts %v (%d), %d nodes", name, r.Cuts, r.Cut, len(r.Nodes))
		}
		agree(t, resultsOf(t, s.results, r), "model/testdata/digits_cnn_probabilities.npy")
		for of, path := range traces {
			lines := decisions(t, path, r.Run)
			if name != "replicate" && (lines == 0 || entry(t, r, of).States == nil) {
				t.Errorf("%s: %s has %d lines of trace, and states %v", name, of, lines, entry(t, r, of).States)
			}
		}
	}
}

// decisions counts a run's lines in a trace.
func decisions(t *testing.T, path, run string) (lines int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var d struct {
			Run string
			pipeline.Decided
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if d.Run == run {
			lines++
		}
	}
	return lines
}
