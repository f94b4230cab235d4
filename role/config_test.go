package role

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseEmulation(t *testing.T) {
	for text, want := range map[string]Emulation{
		"off":                           {},
		"":                              {},
		"pi3":                           Pi3,
		"head=4ms,tail=42ms,load=580ms": {"head=4ms,tail=42ms,load=580ms", Always(4 * time.Millisecond), Always(42 * time.Millisecond), Always(580 * time.Millisecond)},
		"tail=1s":                       {Name: "tail=1s", Tail: Always(time.Second)},
		"tail=42ms,126ms@10s,42ms@20s,head=4ms": {
			Name: "tail=42ms,126ms@10s,42ms@20s,head=4ms", Head: Always(4 * time.Millisecond),
			Tail: Course{{42 * time.Millisecond, 0}, {126 * time.Millisecond, 10 * time.Second}, {42 * time.Millisecond, 20 * time.Second}},
		},
	} {
		got, err := ParseEmulation(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"pi9", "head", "head=4", "head=-4ms", "tial=4ms", "head=4ms,", "head=4ms;tail=4ms", "4ms", "4ms,head=4ms",
		"head=4ms,5ms", "head=4ms,5ms@3s,6ms@3s", "head=4ms,5ms@-1s", "head=4ms,5ms@", "head=4ms,head=5ms"} {
		if got, err := ParseEmulation(text); err == nil || !strings.Contains(err.Error(), "head=4ms,tail=42ms") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestCourse(t *testing.T) {
	e, err := ParseEmulation("tail=42ms,126ms@10s,42ms@20s")
	if err != nil {
		t.Fatal(err)
	}
	for since, want := range map[time.Duration]time.Duration{
		0: 42, 9999 * time.Millisecond: 42, 10 * time.Second: 126, 19 * time.Second: 126, 20 * time.Second: 42, time.Hour: 42,
	} {
		if got := e.Tail.at(since); got != want*time.Millisecond {
			t.Errorf("after %v: %v", since, got)
		}
	}
	if got := e.Head.at(0); got != 0 {
		t.Errorf("a course of nothing takes %v", got)
	}
}

func TestValidate(t *testing.T) {
	for _, r := range []Role{Local, End} {
		if err := Default(r).Validate(); err != nil {
			t.Errorf("the defaults of %s: %v", r, err)
		}
	}
	for _, c := range []struct {
		role   Role
		change func(*Config)
		says   string
	}{
		{Client, func(*Config) {}, "--next is missing"},
		{Client, func(c *Config) { c.Next, c.Strategy = []string{"a:1"}, "s3" }, "--next fast:12345 --next slow:12345"},
		{Client, func(c *Config) { c.Next, c.Labels = []string{"a:1"}, "x.npy" }, "--labels needs --input"},
		{Local, func(c *Config) { c.Mean = []float32{5} }, "--mean, --std and --layout need --input"},
		{Fast, func(c *Config) { c.End = "e:1" }, "--next is missing"},
		{Fast, func(c *Config) { c.End, c.Next = "e:1", []string{"a:1", "b:1", "a:1"} }, "--next a:1 is given twice"},
		{Slow, func(c *Config) {}, "--next is missing"},
		{Slow, func(c *Config) { c.Next, c.Trace = []string{"e:1"}, "t.jsonl" }, "trace the fast node"},
		{Slow, func(c *Config) { c.Next, c.HighWater = []string{"e:1"}, 11 }, "--high-water 11 is never reached"},
		{Fast, func(c *Config) { c.Next = []string{"a:1"} }, "--end is missing"},
		{Slow, func(c *Config) { c.Next = []string{"a:1", "b:1"} }, "--next is given 2 times"},
		{Local, func(c *Config) { c.Cuts = []string{"1", "2"} }, "--cut is given 2 times"},
		{Slow, func(c *Config) { c.Cuts, c.Calibrate = []string{"1", "2"}, true }, "--cut is given 2 times"},
		{Local, func(c *Config) { c.Strategy = "s7" }, `strategy "s7" is unknown`},
		{End, func(c *Config) { c.TLSCert, c.TLSKey = "x", "y" }, "--tls-cert, --tls-key and --tls-ca go together"},
		{Local, func(c *Config) { c.Key = "x" }, "mean nothing without a role"},
		{Local, func(c *Config) { c.Frames = 0 }, "--frames 0 never ends"},
		{Local, func(c *Config) { c.Input = "-" }, "--input - can be read once"},
	} {
		cfg := Default(c.role)
		c.change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", c.role, err, c.says)
		}
	}
}

func TestBeat(t *testing.T) {
	p := &player{cfg: Config{Interval: 30 * time.Millisecond}}
	due := time.Now().Add(-20 * time.Millisecond)
	if got := p.next(due); got != due.Add(30*time.Millisecond) {
		t.Errorf("a late beat does not catch up: next in %v", time.Until(got))
	}
	due = time.Now().Add(-time.Minute)
	if got := time.Until(p.next(due)); got < 0 || got > 30*time.Millisecond {
		t.Errorf("after a pause of a minute the next frame is due in %v", got)
	}
}
