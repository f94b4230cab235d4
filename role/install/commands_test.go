package install

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"tandem/role/options"
)

// tandem runs a command with settings that were given, on a machine whose systemctl is a script.
func tandem(t *testing.T, systemctl string, settings options.Given, args ...string) (out, errs string, err error) {
	t.Helper()
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "systemctl"), []byte("#!/bin/sh\n"+systemctl), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path)
	var stdout, stderr bytes.Buffer
	app := &cli.App{Commands: Commands(nil, settings, &stdout, &stderr), ExitErrHandler: func(*cli.Context, error) {}}
	err = app.Run(append([]string{"tandem"}, args...))
	return stdout.String(), stderr.String(), err
}

// status passes on what systemctl says, and how it ends.
func TestStatus(t *testing.T) {
	out, _, err := tandem(t, `echo "$@"`, nil, "status", "--unit", "tandem-slow")
	if err != nil || out != "status --no-pager --lines=20 tandem-slow\n" {
		t.Errorf("%q, %v", out, err)
	}
	_, errs, err := tandem(t, "echo none of that name >&2; exit 4", nil, "status")
	if err == nil || !strings.Contains(err.Error(), "systemctl status --no-pager --lines=20 tandem: exit status 4") || errs != "none of that name\n" {
		t.Errorf("%q, %v", errs, err)
	}
	out, _, err = tandem(t, `echo "$@"`, nil, "status", "--unit", "../x")
	if err == nil || !strings.Contains(err.Error(), `--unit "../x": use letters`) || out != "" {
		t.Errorf("%q, %v", out, err)
	}
}

// install --print shows both files, and asks systemd for nothing.
func TestPrint(t *testing.T) {
	out, _, err := tandem(t, "echo asked", given("role", "end", "listen", ":8080"), "install", "--print", "--unit", "tandem-end")
	for _, text := range []string{"# /etc/tandem-end.env\n", "TANDEM_ROLE=end\n", "TANDEM_LISTEN=:8080\n", "# /etc/systemd/system/tandem-end.service\n", "LoadCredential=settings:/etc/tandem-end.env\n"} {
		if !strings.Contains(out, text) {
			t.Errorf("%q is missing in:\n%s", text, out)
		}
	}
	if err != nil || strings.Contains(out, "asked") {
		t.Errorf("%v: %s", err, out)
	}
	if _, _, err := tandem(t, "", nil, "install", "--print"); err == nil || !strings.Contains(err.Error(), "--role is missing") {
		t.Error(err)
	}
}

// Where systemd fails, the user is told of which call, and where to read more.
func TestSystemdFails(t *testing.T) {
	for fails, says := range map[string]string{"daemon-reload": "journalctl -eu tandem says more", "restart": "journalctl -eu tandem says more", "disable": ""} {
		i, asked, out := machine(t)
		works := i.Systemctl
		i.Systemctl = func(ctx context.Context, args ...string) error {
			if args[0] == fails {
				return errors.New("systemctl " + fails + ": no bus")
			}
			return works(ctx, args...)
		}
		err := i.Install(t.Context(), given("role", "end"))
		if says == "" { // it is installed: it can't be removed
			if err != nil {
				t.Fatal(err)
			}
			out.Reset()
			err = i.Uninstall(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), "systemctl "+fails+": no bus") || !strings.Contains(err.Error(), says) || out.Len() > 0 {
			t.Errorf("%s: %v, after %v: %s", fails, err, *asked, out)
		}
	}
}

// What is in the way is named, and nothing is left behind.
func TestFilesInTheWay(t *testing.T) {
	for _, file := range []string{"/etc/tandem.env", "/etc/systemd/system/tandem.service", program} {
		i, asked, _ := machine(t)
		if err := os.MkdirAll(filepath.Join(i.path(file), "folder"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := i.Install(t.Context(), given("role", "end")); err == nil || !strings.Contains(err.Error(), i.path(file)) || len(*asked) > 0 {
			t.Errorf("%s: %v, after %v", file, err, *asked)
		}
		beside, err := os.ReadDir(filepath.Dir(i.path(file)))
		if err != nil || len(beside) != 1 && !slices.ContainsFunc(beside, func(e fs.DirEntry) bool { return e.Name() == filepath.Base(file) }) {
			t.Errorf("%s: %v, %v", file, beside, err)
		}
		for _, e := range beside {
			if strings.HasPrefix(e.Name(), filepath.Base(file)+".") {
				t.Errorf("%s is left", e.Name())
			}
		}
	}
	i, asked, _ := machine(t)
	i.Binary = filepath.Join(i.Root, "gone")
	if err := i.Install(t.Context(), given("role", "end")); !errors.Is(err, fs.ErrNotExist) || len(*asked) > 0 {
		t.Errorf("the program is gone: %v", err)
	}
}

// The program is not written again where it is the same, or where it is the one that runs.
func TestProgramIsCopiedOnce(t *testing.T) {
	i, _, _ := machine(t)
	install := func() os.FileInfo {
		t.Helper()
		if err := i.Install(t.Context(), given("role", "end")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(i.path(program))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := install()
	if !os.SameFile(first, install()) {
		t.Error("the same program was written again")
	}
	i.Binary = i.path(program)
	if !os.SameFile(first, install()) {
		t.Error("the program that runs was written over")
	}
	i.Binary = filepath.Join(t.TempDir(), "tandem")
	if err := os.WriteFile(i.Binary, []byte("a newer one"), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.SameFile(first, install()) {
		t.Error("a newer program was not copied")
	}
}

// The service has a user of its own, so what it reads has to be readable for all, and named so that systemd understands it.
func TestFilesThatTheServiceCanNotRead(t *testing.T) {
	i, _, _ := machine(t)
	folder := t.TempDir()
	put := func(name string, mode os.FileMode) string {
		t.Helper()
		file := filepath.Join(folder, name)
		if err := errors.Join(os.WriteFile(file, []byte("a\n"), mode), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
		return file
	}
	secret, spaced, none := put("classes", 0o600), put("my key", 0o600), put("net.onnx", 0o644)
	for _, test := range []struct {
		given options.Given
		says  string
	}{
		{given("role", "end", "classes", secret), "--classes: " + secret + ": the service has a user of its own, who can't read it: chmod a+r " + secret},
		{given("role", "end", "key", spaced), "--key " + spaced + ": systemd has another use for one of its characters"},
		{given("role", "slow", "next", "end", "model", none), "--model: "},
	} {
		if _, err := i.describe(test.given); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: %v, want %q", test.given, err, test.says)
		}
	}
}
