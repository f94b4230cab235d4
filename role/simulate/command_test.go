package simulate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// simulated is what tandem simulate prints.
func simulated(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs strings.Builder
	app := &cli.App{Name: "tandem", Writer: &out, ErrWriter: &errs, ExitErrHandler: func(*cli.Context, error) {}, Commands: []*cli.Command{Command("v1", &out, &errs)}}
	err = app.Run(append([]string{"tandem", "simulate", "--frames", "60"}, args...))
	return out.String(), errs.String(), err
}

func says(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s does not say %q:\n%s", what, part, text)
		}
	}
}

// The command prints what its flags ask for, and sets a simulated run beside one that was played.
func TestCommand(t *testing.T) {
	folder := t.TempDir()
	report, trace := filepath.Join(folder, "report.json"), filepath.Join(folder, "trace.jsonl")
	one, _, err := simulated(t, "--strategy", "balance", "--format", "json", "--trace", trace)
	if err != nil || strings.Count(one, "\n") != 1 {
		t.Fatalf("%v: %s", err, one)
	}
	says(t, "a report", one, `"strategy":"balance"`, `"version":"v1"`, `"simulated":true`)
	if err := os.WriteFile(report, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	if decisions, err := os.ReadFile(trace); err != nil || strings.Count(string(decisions), "\n") < 60 {
		t.Errorf("the trace of 60 frames: %v\n%s", err, decisions)
	}
	for name, c := range map[string]struct {
		args    []string
		out, to []string // what it prints, and on stderr
	}{
		"every strategy":  {nil, []string{"baseline", "takeover", "alternate", "balance", "credit", "replicate"}, nil},
		"pipelines":       {[]string{"--strategy", "credit", "--pipelines", "3"}, []string{"pipelines", "f/s together", "credit"}, nil},
		"the same again":  {[]string{"--strategy", "balance", "--compare", report}, []string{"balance"}, []string{"played", "simulated", "+0.0", "+0.0 %"}},
		"another":         {[]string{"--strategy", "baseline", "--compare", report}, nil, []string{"the runs are not alike: balance"}},
		"a fleet like it": {[]string{"--like", report}, []string{"balance"}, nil},
		"like a trace":    {[]string{"--strategy", "credit", "--like", trace}, []string{"credit"}, nil},
	} {
		out, errs, err := simulated(t, c.args...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		says(t, name, out, c.out...)
		says(t, name, errs, c.to...)
	}
}

// What can't be simulated is refused, with what to give instead.
func TestCommandRefuses(t *testing.T) {
	for args, part := range map[string]string{
		"--frames 0 --strategy credit": "give the number of frames to simulate",
		"--interval 0":                 "give a time between frames",
		"again":                        "again is too much",
		"--shared-link":                "give --link",
		"--pipelines 0":                "use a whole number from 1",
		"--pipelines 2 --trace x":      "leave out --pipelines",
		"--strategy balence":           "did you mean balance?",
		"--like missing.json":          "--like missing.json",
		"--compare missing.json":       "--compare",
		"--output missing/x.json":      "missing/x.json",
		"--trace missing/x.jsonl":      "missing/x.jsonl",
	} {
		if out, _, err := simulated(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: error %v, want one that says %q; it prints %q", args, err, part, out)
		}
	}
}
