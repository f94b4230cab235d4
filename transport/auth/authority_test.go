package auth_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/transport/auth"
)

// A CA that was made before issues certificates for more devices, which say by what names these are called.
func TestAuthorityIsReadAgain(t *testing.T) {
	now := time.Now()
	_, certificate, key, err := auth.NewAuthority(now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.ParseAuthority(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	late := now.AddDate(9, 0, 0)
	names := []string{"slow", "slow.local", "192.168.1.12"}
	issued, itsKey, expires, err := a.Issue(names, late)
	if err != nil || !expires.Equal(a.Expires()) { // not after its CA
		t.Errorf("it expires at %v, and its CA at %v: %v", expires, a.Expires(), err)
	}
	if got, err := auth.NamesIn(issued); err != nil || !slices.Equal(got, names) {
		t.Errorf("names %q: %v", got, err)
	}
	if _, err := auth.ParseAuthority(issued, itsKey); err == nil || !strings.Contains(err.Error(), "no CA") {
		t.Errorf("a device's certificate: %v", err)
	}
	if _, err := auth.ParseAuthority(certificate, itsKey); err == nil {
		t.Error("another key is taken")
	}
	for _, bad := range []string{"", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if _, err := auth.NamesIn([]byte(bad)); err == nil {
			t.Errorf("%q has names", bad)
		}
	}
}
