package options

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/role/device"
	"tandem/role/input"
)

func TestValidate(t *testing.T) {
	for _, r := range append(Roles, Local) {
		if err := Default(r).Validate(); err != nil {
			t.Errorf("the defaults of %s: %v", r, err)
		}
	}
	for _, c := range []struct {
		role   Role
		change func(*Options)
		says   string
	}{
		{Client, func(c *Options) { c.Next = []string{"dns:a:1"} }, "--next dns:a:1: a client hands over to the fast node"},
		{Client, func(c *Options) { c.Next, c.Strategy = []string{"a:1"}, "s3" }, "--next fast:12345 --next slow:12345"},
		{Client, func(c *Options) { c.Next, c.Input.Labels = []string{"a:1"}, "x.npy" }, "--labels needs --input"},
		{Local, func(c *Options) { c.Input.Preprocess.Mean = []float32{5} }, "--preprocess needs --input"},
		{Fast, func(c *Options) { c.End, c.Next = "e:1", []string{"a:1", "b:1", "a:1"} }, "--next a:1 is given twice"},
		{Slow, func(c *Options) { c.End = "e:1" }, "--next is missing"},
		{Slow, func(c *Options) { c.Next = []string{"srv:_t._tcp.a"} }, "--next srv:_t._tcp.a stands for several"},
		{Slow, func(c *Options) { c.Next, c.Trace = []string{"e:1"}, "t.jsonl" }, "trace the fast node"},
		{Slow, func(c *Options) { c.Next, c.HighWater = []string{"e:1"}, 11 }, "--high-water 11 is never reached"},
		{Slow, func(c *Options) { c.Next = []string{"a:1", "b:1"} }, "--next is given 2 times"},
		{Local, func(c *Options) { c.Cuts = []string{"1", "2"} }, "--cut is given 2 times"},
		{Slow, func(c *Options) { c.Next, c.EmulateSlow = []string{"e:1"}, []device.Emulation{device.Pi3} }, "--emulate slow:"},
		{Local, func(c *Options) { c.Strategy = "s7" }, `strategy "s7" is unknown`},
		{End, func(c *Options) { c.Files.Cert, c.Files.Key = "x", "y" }, "--tls-cert, --tls-key and --tls-ca go together"},
		{Local, func(c *Options) { c.Files.Secret = "x" }, "mean nothing without a role"},
		{Local, func(c *Options) { c.Serve, c.Input.Sources = ":8000", []string{"a=mjpeg:-"} }, "mean nothing with --serve"},
		{Local, func(c *Options) { c.Serve, c.Input.Labels = ":8000", "y.npy" }, "--labels means nothing with --serve"},
		{Client, func(c *Options) { c.Next, c.Serve, c.Input.Fit = []string{"a:1"}, ":8000", input.Crop }, "--fit means nothing with --serve"},
		{Local, func(c *Options) { c.Strategy, c.Input.Sources = "balance", []string{"a=mjpeg:-", "b=-"} }, "stdin is for one"},
		{Client, func(c *Options) {
			c.Next, c.Input.Newest, c.Input.Paths = []string{"a:1"}, input.Never, []string{"x.npy"}
		}, "--newest is for cameras"},
		{Local, func(c *Options) {
			c.Input.Preprocess.Mean, c.Input.Paths = []float32{5}, []string{"x.npy"}
		}, "--preprocess is for pictures, and x.npy names none"},
		{Local, func(c *Options) { c.Input.Fit, c.Input.Sources = input.Crop, []string{"a=x.npz:y"} }, "--fit is for pictures"},
		{Local, func(c *Options) { c.Strategy, c.Input.Strict, c.Input.Paths = "balance", true, []string{"-"} }, "--strict is for pictures"},
		{Local, func(c *Options) { c.Frames = 0 }, "--frames 0 never ends"},
		{Local, func(c *Options) { c.Input.Paths = []string{"-"} }, "--input - can be read once"},
	} {
		cfg := Default(c.role)
		c.change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", c.role, err, c.says)
		}
	}
}

// A role that is given nothing else is in order: neighbours are found, and what is another role's has no say.
func TestRoleAlone(t *testing.T) {
	for _, r := range Roles {
		given := Given{}
		for _, s := range Table(&Options{}) {
			if s.Name == "role" {
				given.Add(s, string(r))
			}
		}
		if o, err := given.Options(nil); err != nil || o.Role != r {
			t.Errorf("--role %s: role %q, error %v", r, o.Role, err)
		}
	}
}

// A host without a port means the usual one.
func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"fast": "fast:12345", "fast.local": "fast.local:12345", "192.168.1.2": "192.168.1.2:12345", "fast:1": "fast:1", ":80": ":80",
		"::1": "[::1]:12345", "[::1]": "[::1]:12345", "[::1]:80": "[::1]:80",
	} {
		if got, err := ParseAddress(text); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "host:", "host:http", "host:65536", "[::1", "a:b:c", "[fast]"} {
		if got, err := ParseAddress(text); err == nil || !strings.Contains(err.Error(), "host:port") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// What is given on flags takes the place of what stands in the environment, and all that is wrong is said at once.
func TestFlagsTakeThePlaceOfVariables(t *testing.T) {
	flags := Given{}
	for _, s := range Table(&Options{}) {
		if s.Name == "queue" {
			flags.Add(s, "6")
			flags.Add(s, "7")
		}
	}
	o, err := flags.Options([]string{"HOME=/", "TANDEM_ROLE=slow", "TANDEM_NEXT=a,b:2", "TANDEM_END=e", "TANDEM_QUEUE=5", "TANDEM_TRACE="})
	if err != nil || !slices.Equal(o.Next, []string{"a:12345", "b:2"}) || o.End != "e:12345" || o.Queue != 7 {
		t.Errorf("%v, %s, %d, %v", o.Next, o.End, o.Queue, err)
	}
	_, err = Given{"role": {"client"}, "model": {"x"}, "tasks": {"0"}, "watch": {"true"}}.Options([]string{"TANDEM_QUEU=5"})
	for _, says := range []string{
		"TANDEM_QUEU is no setting: did you mean TANDEM_QUEUE?", "the client needs no model", `--tasks "0": use a whole number from 1`,
		"--watch means nothing for the client: it is for the fast node, the slow node, the end node",
	} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}

// A password that stands in a setting is not repeated in what is said to be wrong, as that is logged.
func TestPasswordsAreNotRepeated(t *testing.T) {
	_, err := Given{"publish": {"mqtt://user:secret@broker"}}.Options(nil)
	if err == nil || !strings.Contains(err.Error(), "--publish: use mqtt://") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

// What fast and the slow nodes emulate stands in one setting.
func TestEmulationOfSlowNodes(t *testing.T) {
	slower, _ := device.ParseEmulation("tail=84ms")
	for text, want := range map[string]struct {
		fast device.Emulation
		slow []device.Emulation
	}{
		"off":                         {},
		"off,slow:pi3":                {slow: []device.Emulation{device.Pi3}},
		"slow:tail=84ms":              {fast: device.Pi3, slow: []device.Emulation{slower}},
		"pi3,slow:tail=84ms":          {fast: device.Pi3, slow: []device.Emulation{slower}},
		"pi3,slow:pi3,slow:tail=84ms": {fast: device.Pi3, slow: []device.Emulation{device.Pi3, slower}},
		"tail=84ms,slow:off":          {fast: slower, slow: []device.Emulation{{}}},
		"tail=84ms,slow:tail=84ms":    {fast: slower, slow: []device.Emulation{slower}},
	} {
		o, err := Given{"emulate": {text}}.Options(nil)
		if err != nil || !reflect.DeepEqual(o.Emulate, want.fast) || !reflect.DeepEqual(o.EmulateSlow, want.slow) {
			t.Errorf("%q: %+v, %+v, %v", text, o.Emulate, o.EmulateSlow, err)
		}
	}
}

// Each default that help shows is read back as itself.
func TestDefaultsAreReadBack(t *testing.T) {
	for i, s := range Table(&Options{}) {
		for _, r := range s.Roles {
			o, again := Default(r), Default(r)
			shown, copied := Table(&o)[i].Value.String(), Table(&again)[i].Value
			if shown == "" || s.Many {
				continue
			}
			if err := copied.Set(shown); err != nil && shown != "0" || copied.String() != shown {
				t.Errorf("--%s of %s: %q is read as %q, %v", s.Name, r, shown, copied, err)
			}
		}
	}
}

// A request has no picture and no true class, and what is said of that does not speak of the random vector of a run without
// input.
func TestServedIsNotRandom(t *testing.T) {
	c := Default(Local)
	c.Serve, c.Input.Labels, c.Input.Fit = ":8000", "y.npy", input.Crop
	if err := c.Validate(); err == nil || strings.Contains(err.Error(), "random vector") {
		t.Error(err)
	}
}

// An example of what is allowed is allowed.
func TestExampleOfATime(t *testing.T) {
	var at time.Duration
	for _, least := range []time.Duration{0, time.Millisecond, 100 * time.Millisecond} {
		v := duration(&at, least)
		_, says, found := strings.Cut(v.Set("x").Error(), "such as ")
		example, _, _ := strings.Cut(says, " ")
		if err := v.Set(example); !found || err != nil {
			t.Errorf("of %v or more: %v", least, err)
		}
	}
}
