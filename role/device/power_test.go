package device

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestParsePower(t *testing.T) {
	for text, want := range map[string]Power{
		"off":          {Name: "off"},
		"pi3b+":        pi3bPlus,
		"pi4":          pi4,
		"pi5":          pi5,
		"2.1,4.5":      {Name: "2.1,4.5", Idle: 2.1, Busy: 4.5},
		"0,0":          {Name: "0,0"},
		"2.1,4.5,38.5": {Name: "2.1,4.5,38.5", Idle: 2.1, Busy: 4.5, Byte: 38.5e-9},
	} {
		if got, err := ParsePower(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, named := range map[string]string{
		"":           `""`,
		"pi3":        `"pi3"`,
		"2.1":        `"2.1"`,
		"1,2,3,4":    `"1,2,3,4"`,
		"2.1,much":   `"much"`,
		"-1,2":       `"-1"`,
		"1,NaN":      `"NaN"`,
		"1,Inf":      `"Inf"`,
		"4.5,2.1":    "BUSY 2.1 is less than IDLE 4.5",
		"2.1,4.5,-1": `"-1"`,
		"2.1, 4.5":   `" 4.5"`,
	} {
		_, err := ParsePower(text)
		if err == nil || !strings.Contains(err.Error(), named) || !strings.Contains(err.Error(), "IDLE,BUSY as in 2.1,4.5") {
			t.Errorf("%s: %v: want %s, and what is allowed", text, err, named)
		}
	}
}

func TestEnergyByHand(t *testing.T) {
	watts := Power{Name: "2,5,100", Idle: 2, Busy: 5, Byte: 100e-9}
	cores := Power{Name: "x", Idle: 2, Busy: 5, Cores: 4}
	for _, test := range []struct {
		power              Power
		elapsed, computing time.Duration
		threads            int
		bytes              int64
		want               float64
	}{
		{watts, 10 * time.Second, 0, 1, 0, 20},
		{watts, 10 * time.Second, 4 * time.Second, 1, 0, 20 + 12}, // BUSY is for any number of threads
		{watts, 10 * time.Second, 4 * time.Second, 4, 0, 20 + 12},
		{watts, 10 * time.Second, 4 * time.Second, 4, 5_000_000, 20 + 12 + 0.5},
		{cores, 10 * time.Second, 4 * time.Second, 1, 5_000_000, 20 + 3},
		{cores, 10 * time.Second, 4 * time.Second, 2, 0, 20 + 6},
		{cores, 10 * time.Second, 4 * time.Second, 16, 0, 20 + 12}, // there are no more cores
		{pi3bPlus, 3 * time.Second, 2 * time.Second, 1, 1_000_000, 6 + 3.3/4*2 + 0.038504},
	} {
		if got := test.power.joules(test.elapsed, test.computing, test.threads, test.bytes); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%+v: %g J", test, got)
		}
	}
}
