package install

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"tandem/role/options"
)

// machine is a folder in the place of one, and what systemctl was asked for.
func machine(t *testing.T) (i *Installer, asked *[]string, out *bytes.Buffer) {
	t.Helper()
	asked, out = new([]string), new(bytes.Buffer)
	binary := filepath.Join(t.TempDir(), "tandem")
	if err := os.WriteFile(binary, []byte("the program"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Installer{Root: t.TempDir(), Unit: "tandem", Out: out, Binary: binary, Systemctl: func(_ context.Context, args ...string) error {
		*asked = append(*asked, strings.Join(args, " "))
		return nil
	}}, asked, out
}

func given(pairs ...string) options.Given {
	g := options.Given{}
	for i := 0; i < len(pairs); i += 2 {
		g[pairs[i]] = append(g[pairs[i]], pairs[i+1])
	}
	return g
}

// The files of a service, as they are on /etc.
func TestInstallGolden(t *testing.T) {
	i, asked, out := machine(t)
	files := t.TempDir()
	net, err := os.ReadFile("../../model/testdata/digits_cnn.onnx")
	if err := errors.Join(err, os.WriteFile(filepath.Join(files, "net.onnx"), net, 0o644), os.WriteFile(filepath.Join(files, "key"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(files)
	if err := i.Install(t.Context(), given("role", "slow", "next", "end:12345", "model", "net.onnx", "key", "key", "log-format", "json", "host", `a"b`)); err == nil {
		t.Error("a wrong host is taken")
	}
	if left, _ := os.ReadDir(i.Root); len(left) > 0 {
		t.Errorf("it was refused, and has left %v", left)
	}
	if err := i.Install(t.Context(), given("role", "slow", "next", "end:12345", "model", "net.onnx", "key", "key", "log-format", "json")); err != nil {
		t.Fatal(err)
	}
	read := func(file string, mode os.FileMode) string {
		t.Helper()
		b, err := os.ReadFile(i.path(file))
		if err != nil {
			t.Fatal(err)
		}
		if info, _ := os.Stat(i.path(file)); info.Mode() != mode {
			t.Errorf("%s has the mode %v, want %v", file, info.Mode(), mode)
		}
		return strings.ReplaceAll(string(b), files, "/home/pi")
	}
	unit := strings.ReplaceAll(read("/etc/systemd/system/tandem.service", 0o644), "SupplementaryGroups=video\n", "") // where there is one
	goldie.New(t, goldie.WithFixtureDir(golden), goldie.WithNameSuffix("")).Assert(t, "tandem.service", []byte(unit))
	goldie.New(t, goldie.WithFixtureDir(golden), goldie.WithNameSuffix("")).Assert(t, "tandem.env", []byte(read("/etc/tandem.env", 0o600)))
	if read(program, 0o755) != "the program" {
		t.Error("the program was not copied")
	}
	if want := "daemon-reload,enable --quiet tandem,restart tandem"; strings.Join(*asked, ",") != want {
		t.Errorf("systemctl was asked for %v", *asked)
	}
	if !strings.Contains(out.String(), "journalctl -fu tandem") {
		t.Errorf("it does not say where the log is: %s", out)
	}
	if err := i.Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(i.Root, "etc", "*.env"))
	more, _ := filepath.Glob(filepath.Join(i.Root, "etc", "systemd", "system", "*"))
	if len(left)+len(more) > 0 {
		t.Errorf("it has left %v %v", left, more)
	}
	if err := i.Uninstall(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is not there was removed: %v", err)
	}
}

// The settings file that is written gives the options that were given.
func TestSettingsComeBack(t *testing.T) {
	i, _, _ := machine(t)
	want := given("role", "end", "publish", `mqtt://me:p$x@broker/tandem/door`, "classes", "install.go", "listen", ":8080")
	s, err := i.describe(want)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(file, s.Settings, 0o600); err != nil {
		t.Fatal(err)
	}
	a, errA := want.Options(nil)
	b, errB := given("config", file).Options(nil)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if a.Publish != b.Publish || a.Listen != b.Listen || b.Role != options.End || !filepath.IsAbs(b.Classes) {
		t.Errorf("%+v became %+v", a.Publish, b.Publish)
	}
}

func TestInstallRefuses(t *testing.T) {
	for _, c := range []struct {
		given options.Given
		says  string
	}{
		{given(), "--role is missing"},
		{given("role", "slow", "queue", "many"), "use a whole number"},
		{given("role", "client", "next", "fast"), "give --frames 0, or --serve"},
		{given("role", "end", "config", os.DevNull), "give them as flags"},
		{given("role", "end", "key", "/no/such/key"), "/no/such/key"},
		{given("role", "end", "classes", "no such file"), "no such file"},
	} {
		i, asked, _ := machine(t)
		if err := i.Install(t.Context(), c.given); err == nil || !strings.Contains(err.Error(), c.says) || len(*asked) > 0 {
			t.Errorf("%v: %v, after %v", c.given, err, *asked)
		}
	}
	i, _, _ := machine(t)
	for _, name := range []string{"", "../x", "a b", "x.service"} {
		i.Unit = name
		if err := i.Install(t.Context(), given("role", "end")); err == nil || !strings.Contains(err.Error(), "--unit") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// systemd finds nothing to complain of in the unit.
func TestUnitVerifies(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is missing: apt install systemd")
	}
	i, _, _ := machine(t)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := i.describe(given("role", "end", "key", key))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tandem.service")
	text := strings.ReplaceAll(string(s.Unit), program, "/bin/true") // which is there
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "verify", "--man=no", file).CombinedOutput()
	if err != nil || strings.Contains(string(out), file) || strings.Contains(string(out), "tandem.service:") {
		t.Errorf("%v: %s", err, out)
	}
	out, err = exec.CommandContext(t.Context(), tool, "security", "--offline=yes", "--threshold=20", file).CombinedOutput()
	if err != nil { // exposed, of 100
		t.Errorf("%v: %s", err, out)
	}
}
