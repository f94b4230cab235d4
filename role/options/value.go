package options

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/model"
	"tandem/transport"

	"github.com/dustin/go-humanize"
)

// Value is one field of Options, as text. Its errors say what is allowed.
type Value interface {
	Set(string) error
	String() string // empty: nothing is set
}

// value reads a text into a field, and shows it.
type value[T any] struct {
	at    *T
	parse func(string) (T, error)
	show  func(T) string
}

func (v value[T]) Set(s string) error {
	t, err := v.parse(s)
	if err == nil {
		*v.at = t
	}
	return err
}

func (v value[T]) String() string { return v.show(*v.at) }

// zeroIsUnset shows nothing for the zero value.
func zeroIsUnset[T comparable](v T) string {
	var zero T
	if v == zero {
		return ""
	}
	return fmt.Sprint(v)
}

// parsed is a field with a parser of its own.
func parsed[T any](at *T, parse func(string) (T, error), show func(T) string) Value {
	return value[T]{at, parse, show}
}

func text(at *string) Value { return parsed(at, notEmpty, zeroIsUnset) }

func notEmpty(s string) (string, error) {
	if s == "" {
		return "", errors.New("it is empty")
	}
	return s, nil
}

func oneOf[T ~string](at *T, allowed ...T) Value {
	return parsed(at, func(s string) (T, error) {
		if slices.Contains(allowed, T(s)) {
			return T(s), nil
		}
		var names []string
		for _, a := range allowed {
			names = append(names, string(a))
		}
		return "", fmt.Errorf("use one of %s%s", strings.Join(names, ", "), Suggest(s, names))
	}, func(v T) string { return string(v) })
}

func onOff(at *bool) Value {
	return parsed(at, func(s string) (bool, error) {
		on, err := strconv.ParseBool(s)
		if err != nil {
			err = errors.New("use true or false")
		}
		return on, err
	}, func(bool) string { return "" })
}

// within is a field from least to most; allowed says so.
func within[T cmp.Ordered](at *T, parse func(string) (T, error), least, most T, allowed string, show func(T) string) Value {
	return parsed(at, func(s string) (T, error) {
		v, err := parse(s)
		if err != nil || v < least || v > most {
			err = errors.New(allowed)
		}
		return v, err
	}, show)
}

func whole(at *int, least, most int) Value {
	return within(at, strconv.Atoi, least, most, fmt.Sprintf("use a whole number from %d to %d", least, most), zeroIsUnset)
}

// natural is a whole number of so many bits.
func natural(at *uint64, bits int) Value {
	parse := func(s string) (uint64, error) { return strconv.ParseUint(s, 10, bits) }
	show := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return within(at, parse, 0, math.MaxUint64, "use a whole number, 0 or more", show)
}

// maxDuration is long enough for everything, and such that a few of them add up without overflow.
const maxDuration = 1000 * time.Hour

func duration(at *time.Duration, least time.Duration) Value {
	allowed := fmt.Sprintf("use a time of %s or more, and at most %s, such as %s or 1m", least, brief(maxDuration), max(least, 30*time.Millisecond))
	return within(at, time.ParseDuration, least, maxDuration, allowed, brief)
}

// Forever is longer than any process lives; it is written forever.
const (
	Forever = 100 * 365 * 24 * time.Hour
	forever = "forever"
)

// patience is a time to wait, or Forever.
func patience(at *time.Duration) Value {
	parse := func(s string) (time.Duration, error) {
		if s == forever {
			return Forever, nil
		}
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 || d > maxDuration {
			err = fmt.Errorf("use a time of 0s or more, and at most %s, such as 30ms or 1m, or forever", brief(maxDuration))
		}
		return d, err
	}
	return parsed(at, parse, func(d time.Duration) string {
		if d == Forever {
			return forever
		}
		return brief(d)
	})
}

// brief leaves out the last parts of a time where they are 0: 1m, and not 1m0s.
func brief(d time.Duration) string {
	return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(d.String())
}

// size is a number of bytes; 0: nothing is set.
func size(at *int, least, most int) Value {
	parse := func(s string) (int, error) {
		n, err := humanize.ParseBytes(s)
		return int(min(n, math.MaxInt)), err
	}
	show := func(n int) string {
		if n == 0 {
			return ""
		}
		return strings.NewReplacer(".0", "", " ", "").Replace(humanize.IBytes(uint64(n)))
	}
	allowed := fmt.Sprintf("use a size from %s to %s", show(least), show(most))
	if most == math.MaxInt {
		allowed = fmt.Sprintf("use a size of %s or more", show(least))
	}
	return within(at, parse, least, most, allowed+", such as 64MiB", show)
}

func address(at *string) Value { return parsed(at, ParseAddress, zeroIsUnset) }

// ParseAddress reads host:port, or a host alone, whose port is the usual one.
func ParseAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	bare := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	_, none := netip.ParseAddr(bare) // which may have a zone, as fe80::1%eth0 has
	if s != "" && !strings.ContainsAny(s, ":[]") || none == nil && (bare == s || s == "["+bare+"]") {
		host, port, err = bare, transport.Port, nil
	}
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return "", fmt.Errorf("use host:port, such as fast:%s, or a host alone for port %s", transport.Port, transport.Port)
	}
	return net.JoinHostPort(host, port), nil
}

// parseNext reads the address of one node, or dns: or srv: of several.
func parseNext(s string) (string, error) {
	kind, name, _ := strings.Cut(s, ":")
	_, port := strconv.ParseUint(name, 10, 16)
	switch {
	case port == nil: // of a host that is called dns or srv
	case kind == "srv":
		labels := strings.Split(strings.TrimSuffix(name, "."), ".")
		if len(labels) < 3 || slices.Contains(labels, "") || strings.ContainsAny(name, ":/[]% ") || labels[0][0] != '_' || labels[1][0] != '_' {
			return "", errors.New("use srv: and the name of SRV records, such as srv:_tandem._tcp.slow.example")
		}
		return s, nil
	case kind == "dns":
		address, err := ParseAddress(name)
		if err != nil || strings.HasPrefix(address, ":") || strings.ContainsAny(name, "[]/%") {
			return "", fmt.Errorf("use dns:NAME:PORT, such as dns:slow.pipeline.svc:%s, or dns:NAME for port %s", transport.Port, transport.Port)
		}
		return "dns:" + address, nil
	}
	return ParseAddress(s)
}

// parseHost reads the name of a machine, as it stands in the address line of a browser.
func parseHost(s string) (string, error) {
	name := strings.TrimSuffix(s, ".")
	wrong := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`:/?#[]@*,"'\`, r) }
	if name == "" || len(name) > 253 || strings.ContainsFunc(name, wrong) {
		return "", errors.New("use a name alone, such as pi.example.org, without http:// and port")
	}
	return name, nil
}

// list is a field that each value is added to.
func list(at *[]string, parse func(string) (string, error)) Value {
	return parsed(at, func(s string) ([]string, error) {
		one, err := parse(s)
		return append(*at, one), err
	}, func(all []string) string { return strings.Join(all, ",") })
}

// shapes is a list of shapes.
func shapes(at *[]model.Shape) Value {
	return parsed(at, func(s string) ([]model.Shape, error) {
		one, err := model.ParseShape(s)
		return append(*at, one), err
	}, func(all []model.Shape) string {
		var texts []string
		for _, s := range all {
			texts = append(texts, s.String())
		}
		return strings.Join(texts, ",")
	})
}
