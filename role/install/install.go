// Package install makes a service of a node: a unit of systemd and a file with the node's settings.
//
//	tandem install --role slow --next end --key /home/pi/key
//	      │
//	      ├─▶ /usr/local/bin/tandem               this binary
//	      ├─▶ /etc/tandem.env                     TANDEM_ROLE=slow, …: for root alone, as a setting may have a password
//	      ├─▶ /etc/systemd/system/tandem.service  how systemd runs it: unit.go
//	      └─▶ systemctl enable, restart
//
// The service runs as a user of its own, who can read neither: systemd hands it the settings, keys and certificates as
// credentials, and shows it the files that it reads.
package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"tandem/role/options"
)

// Installer changes a machine.
type Installer struct {
	Root   string // of its files, as in a test; empty: the machine's own
	Unit   string // the service's name
	Out    io.Writer
	Binary string // this program
	// Systemctl runs systemctl.
	Systemctl func(ctx context.Context, args ...string) error
}

// New is for this machine.
func New(unit string, out, errs io.Writer) (*Installer, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("where this program is: %w", err)
	}
	return &Installer{Unit: unit, Out: out, Binary: binary, Systemctl: func(ctx context.Context, args ...string) error {
		c := exec.CommandContext(ctx, "systemctl", args...)
		c.Stdout, c.Stderr = out, errs
		if err := c.Run(); err != nil {
			return fmt.Errorf("systemctl %s: %v", strings.Join(args, " "), err)
		}
		return nil
	}}, nil
}

// Where things are.
const program = "/usr/local/bin/tandem"

func (i *Installer) settings() string { return "/etc/" + i.Unit + ".env" }
func (i *Installer) unit() string     { return "/etc/systemd/system/" + i.Unit + ".service" }

// path is where a file of the machine is.
func (i *Installer) path(file string) string { return filepath.Join("/", i.Root, file) }

// check says whether this process may change the machine, and whether that is run by systemd.
func (i *Installer) check() error {
	if !wellNamed(i.Unit) {
		return fmt.Errorf("--unit %q: use letters, digits and -, such as tandem-slow", i.Unit)
	}
	if i.Root != "" {
		return nil
	}
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return errors.New("this machine is not run by systemd: start the node by what it has instead; tandem install --print shows a unit")
	}
	if os.Geteuid() != 0 {
		return errors.New("services are root's to install: put sudo in front of this command")
	}
	return nil
}

func wellNamed(unit string) bool {
	other := func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	return unit != "" && len(unit) <= 64 && !strings.ContainsFunc(unit, other)
}

// Install makes a service with the settings that are given, in place of the one of the same name, and starts it.
func (i *Installer) Install(ctx context.Context, given options.Given) error {
	s, err := i.describe(given)
	if err == nil {
		err = i.check()
	}
	if err != nil {
		return err
	}
	if err := i.copyProgram(); err != nil {
		return err
	}
	if err := i.write(i.settings(), s.Settings, 0o600); err != nil {
		return err
	}
	if err := i.write(i.unit(), s.Unit, 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{{"daemon-reload"}, {"enable", "--quiet", i.Unit}, {"restart", i.Unit}} {
		if err := i.Systemctl(ctx, args...); err != nil {
			return fmt.Errorf("%w: journalctl -eu %s says more", err, i.Unit)
		}
	}
	if err := i.sync(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(i.Out, "%s runs %s, now and whenever this machine starts.\n  its log:       journalctl -fu %s\n  its settings:  %s; after a change: sudo systemctl restart %s\n",
		i.Unit, s.Role, i.Unit, i.settings(), i.Unit)
	return err
}

// Print shows the files that Install would write.
func (i *Installer) Print(given options.Given) error {
	s, err := i.describe(given)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(i.Out, "# %s\n%s\n# %s\n%s", i.settings(), s.Settings, i.unit(), s.Unit)
	return err
}

// Uninstall stops the service and removes it. The program stays, and so does what the node wrote.
func (i *Installer) Uninstall(ctx context.Context) error {
	if err := i.check(); err != nil {
		return err
	}
	if _, err := os.Stat(i.path(i.unit())); err != nil {
		return fmt.Errorf("%s is no service that tandem has installed: %w", i.Unit, err)
	}
	err := i.Systemctl(ctx, "disable", "--now", "--quiet", i.Unit)
	err = errors.Join(err, os.Remove(i.path(i.unit())), os.Remove(i.path(i.settings())), i.Systemctl(ctx, "daemon-reload"), i.sync())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(i.Out, "%s is gone. What it wrote is in /var/lib/%s and /var/cache/%s, and the program is %s.\n", i.Unit, i.Unit, i.Unit, program)
	return err
}

// Status shows what systemd says of the service, and the end of its log.
func (i *Installer) Status(ctx context.Context) error {
	if !wellNamed(i.Unit) {
		return i.check()
	}
	return i.Systemctl(ctx, "status", "--no-pager", "--lines=20", i.Unit)
}

// copyProgram puts this program where services find it. It is moved into place, because one that runs can't be overwritten.
func (i *Installer) copyProgram() error {
	at := i.path(program)
	if i.Binary == at {
		return nil
	}
	content, err := os.ReadFile(i.Binary)
	if err != nil {
		return err
	}
	if there, err := os.ReadFile(at); err == nil && bytes.Equal(there, content) {
		return nil
	}
	return i.write(program, content, 0o755)
}

// write puts a file into place, whole or not at all.
func (i *Installer) write(file string, content []byte, mode os.FileMode) error {
	at := i.path(file)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(at), filepath.Base(at)+".*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), at)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// sync makes sure that a power cut right after this undoes none of it: write has synced what is in the files, but neither their
// names nor the link by which systemctl has enabled the service.
func (i *Installer) sync() error {
	units := filepath.Dir(i.unit())
	for _, folder := range []string{filepath.Dir(program), filepath.Dir(i.settings()), units, units + "/multi-user.target.wants"} {
		f, err := os.Open(i.path(folder))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// What settings name.
var (
	readFiles   = []string{"model", "classes", "labels"}           // that the service is shown
	credentials = []string{"key", "tls-cert", "tls-key", "tls-ca"} // that systemd hands to it
)

// service is what the files have.
type service struct {
	Role     options.Role
	Settings []byte
	Unit     []byte
}

// describe makes the files. Settings that don't fit together are refused before anything is changed.
func (i *Installer) describe(given options.Given) (service, error) {
	o, err := given.Options([]string{"NOTIFY_SOCKET=systemd"})
	if err != nil {
		return service{}, err
	}
	if o.Role == options.Local {
		return service{}, errors.New("--role is missing: a service is one of client, fast, slow and end, as in tandem install --role slow --next end")
	}
	if o.Config != "" {
		return service{}, fmt.Errorf("--config: the settings go to %s: give them as flags, or change that file afterwards", i.settings())
	}
	if o.Role == options.Client && o.Frames > 0 && o.Serve == "" {
		return service{}, fmt.Errorf("--frames %d ends, and a service would begin again: give --frames 0, or --serve", o.Frames)
	}
	u := unit{Name: i.Unit, Role: string(o.Role), Program: program, Settings: i.settings(), Video: hasGroup("video")}
	var lines strings.Builder
	fmt.Fprintf(&lines, "# Settings of %s, one on each line: tandem help %s has them all.\n# After a change: sudo systemctl restart %s\n", i.Unit, string(o.Role), i.Unit)
	for _, s := range options.Table(&o) {
		texts := slices.Clone(given[s.Name])
		if len(texts) == 0 {
			continue
		}
		text := strings.Join(texts, ",")
		switch {
		case slices.Contains(credentials, s.Name), slices.Contains(readFiles, s.Name) && !strings.Contains(text, "://"):
			if text, err = existing(s.Name, text); err != nil {
				return service{}, err
			}
		}
		if slices.Contains(credentials, s.Name) {
			u.Credentials = append(u.Credentials, credential{s.Name, s.Variable(), text})
			continue
		}
		if filepath.IsAbs(text) && slices.Contains(readFiles, s.Name) {
			if err := u.show(s.Name, text); err != nil {
				return service{}, err
			}
		}
		fmt.Fprintf(&lines, "%s=%s\n", s.Variable(), quoted(text))
	}
	text, err := u.text()
	return service{o.Role, []byte(lines.String()), text}, err
}

// existing is the absolute path of a file that has to be there.
func existing(setting, path string) (string, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return "", fmt.Errorf("--%s: %w", setting, err)
	}
	if strings.ContainsAny(path, " \t\n:%\\\"'$") {
		return "", fmt.Errorf("--%s %s: systemd has another use for one of its characters: move the file to a plainer path", setting, path)
	}
	return path, nil
}

// quoted is a text as a settings file has it.
func quoted(text string) string {
	if strings.ContainsAny(text, " \t#'\"\\$\n") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
	}
	return text
}
