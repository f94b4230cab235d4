package link

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Shape{
		"off":        {},
		"wifi":       WiFi,
		"wifi-pi4":   WiFiPi4,
		"ethernet":   Ethernet,
		"delay=3ms":  {Name: "delay=3ms", Delay: 3 * time.Millisecond},
		"rate=1gbit": {Name: "rate=1gbit", Rate: 1e9},
		"delay=3ms,jitter=2ms,loss=1%,rate=20mbit": {
			Name: "delay=3ms,jitter=2ms,loss=1%,rate=20mbit", Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.01, Rate: 20e6,
		},
		"rate=20mbit,5mbit@1m30s,20mbit@2m,loss=1%": {
			Name: "rate=20mbit,5mbit@1m30s,20mbit@2m,loss=1%", Rate: 20e6, Later: []Leg{{5e6, 90 * time.Second}, {20e6, 2 * time.Minute}}, Loss: 0.01,
		},
		"rate=0.5mbit,loss=0.1%": {Name: "rate=0.5mbit,loss=0.1%", Rate: 500e3, Loss: 0.001},
	} {
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %+v (%v), want %+v", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"":                             `"" is unknown: use off, wifi`,
		"WiFi":                         `"WiFi" is unknown`,
		"wifi,delay=1ms":               `"wifi" is unknown`,
		"delay":                        `"delay" is no time from 0s to 10s: use`,
		"delay=3":                      `"delay=3" is no time from 0s to 10s`,
		"delay=-1ms":                   `"delay=-1ms" is no time`,
		"jitter=1h":                    `"jitter=1h" is no time`,
		"loss=1":                       `"loss=1" is no share from 0% to 50%`,
		"loss=NaN%":                    `"loss=NaN%" is no share`,
		"loss=51%":                     `"loss=51%" is no share`,
		"rate=20":                      `"rate=20" is no rate from 10kbit to 10gbit`,
		"rate=20Mbit":                  `"rate=20Mbit" is no rate`,
		"rate=-1mbit":                  `"rate=-1mbit" is no rate`,
		"rate=NaNmbit":                 `"rate=NaNmbit" is no rate`,
		"rate=11gbit":                  `"rate=11gbit" is no rate`,
		"delay=1ms,delay=2ms":          `"delay" is given twice`,
		"rate=1mbit,":                  `"" is no rate`,
		"rate=1mbit,2mbit":             `"2mbit" has no moment later than what stands before it: use`,
		"rate=1mbit,2mbit@0s":          `"2mbit@0s" has no moment later`,
		"rate=1mbit,2mbit@3s,1mbit@3s": `"1mbit@3s" has no moment later`,
		"delay=3ms,2ms@3s":             `"2ms@3s" is unknown`,
		"speed=1mbit":                  `"speed=1mbit" is unknown: use off, wifi, wifi-pi4, ethernet, or a shape as in delay=3ms`,
	} {
		if got, err := Parse(text); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%q is %+v (%v), want an error that says %q", text, got, err, says)
		}
	}
}
