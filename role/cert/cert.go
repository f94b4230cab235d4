// Package cert makes the certificates of a fleet, and the CA that signs them.
package cert

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"tandem/transport/auth"
)

// Options say what Make makes.
type Options struct {
	Dir     string   // where the CA lies, or is made, and the certificates go
	Devices []string // names and addresses of each, with commas; the first name is that of its files
	Stdout  io.Writer
}

// Make makes certificates that a CA has signed, and the CA where there is none yet. It needs no network.
func Make(o Options) error {
	var errs []error
	for _, device := range o.Devices {
		errs = append(errs, checkNames(device))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	now := time.Now()
	ca, err := o.authority(now)
	if err != nil {
		return err
	}
	for _, device := range o.Devices {
		given := strings.Split(device, ",")
		names, err := o.keepNames(given)
		if err != nil {
			return err
		}
		certificate, key, expires, err := ca.Issue(names, now)
		if err != nil {
			return fmt.Errorf("%s: %w", names[0], err)
		}
		if err := o.write(names[0], certificate, key); err != nil {
			return err
		}
		kept := ""
		if len(names) > len(given) {
			kept = " as before"
		}
		fmt.Fprintf(o.Stdout, "%s, for %s%s, until %s\n", o.files(names[0]), strings.Join(names, ", "), kept, expires.Format(time.DateOnly))
	}
	return nil
}

// keepNames adds the other names and addresses that the device's certificate has so far, where only the first is given:
// it is renewed.
func (o Options) keepNames(names []string) ([]string, error) {
	path := o.files(names[0]).certificate
	text, err := os.ReadFile(path)
	if len(names) > 1 || errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	var before []string
	if err == nil {
		before, err = auth.NamesIn(text)
	}
	if err != nil {
		return nil, fmt.Errorf("the names of before are in %s, which can't be read: %w: give more names than one, or remove it", path, err)
	}
	others := slices.DeleteFunc(before, func(n string) bool { return n == names[0] })
	return slices.Concat(names, others), nil
}

// nameOfDevice is a host name or an address; the first becomes the name of a file.
var nameOfDevice = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?$`)

func checkNames(text string) error {
	names := strings.Split(text, ",")
	for _, n := range names {
		if !nameOfDevice.MatchString(n) || len(n) > 253 {
			return fmt.Errorf("%q: %q is no name of a device: give names and addresses with commas, as in slow,slow.local,192.168.1.12", text, n)
		}
	}
	first := strings.ToLower(names[0]) // there are disks that don't tell cases apart
	if first == "ca" || strings.HasSuffix(first, "-key") {
		return fmt.Errorf("%q: the files of a device %s would be those of the CA, or of another device: begin with another of its names", text, names[0])
	}
	return nil
}

// authority reads the CA, or makes it where there is none.
func (o Options) authority(now time.Time) (*auth.Authority, error) {
	files := o.files("ca")
	certificate, noCertificate := os.ReadFile(files.certificate)
	key, noKey := os.ReadFile(files.key)
	if errors.Is(noCertificate, fs.ErrNotExist) && errors.Is(noKey, fs.ErrNotExist) {
		return o.newAuthority(now)
	}
	if err := errors.Join(noCertificate, noKey); err != nil {
		return nil, fmt.Errorf("the CA is not complete: %w: put both files there, or make a new CA in another --ca-dir", err)
	}
	ca, err := auth.ParseAuthority(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: make a new CA in another --ca-dir", files, err)
	}
	if now.After(ca.Expires()) {
		return nil, fmt.Errorf("%s has expired on %s: make a new CA in another --ca-dir, and new certificates for all devices",
			files.certificate, ca.Expires().Format(time.DateOnly))
	}
	return ca, nil
}

func (o Options) newAuthority(now time.Time) (*auth.Authority, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("--ca-dir: %w", err)
	}
	ca, certificate, key, err := auth.NewAuthority(now)
	if err == nil {
		err = o.write("ca", certificate, key)
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.Stdout, "%s, a new CA, until %s: its key stays here, and never goes to a device\n",
		o.files("ca"), ca.Expires().Format(time.DateOnly))
	return ca, nil
}

// pair is the files of a certificate and its key.
type pair struct{ certificate, key string }

func (o Options) files(name string) pair {
	return pair{filepath.Join(o.Dir, name+".pem"), filepath.Join(o.Dir, name+"-key.pem")}
}

func (p pair) String() string { return p.certificate + " and " + p.key }

// write writes a certificate and its key. The key is its owner's to read.
func (o Options) write(name string, certificate, key []byte) error {
	if err := replace(o.files(name).key, key, 0o600); err != nil {
		return err // the certificate of before is for the key of before
	}
	return replace(o.files(name).certificate, certificate, 0o644)
}

// replace puts a file in the place of another: whoever reads at this moment gets one or the other whole.
func replace(path string, text []byte, mode fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // where it did not get its name
	_, err = file.Write(text)
	if err = errors.Join(err, file.Chmod(mode), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
