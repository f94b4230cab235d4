package device

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
)

func TestParseEmulation(t *testing.T) {
	for text, want := range map[string]Emulation{
		"off":                           {},
		"":                              {},
		"pi3":                           Pi3,
		"head=4ms,tail=42ms,load=580ms": {Name: "head=4ms,tail=42ms,load=580ms", Head: Always(4 * time.Millisecond), Tail: Always(42 * time.Millisecond), Load: Always(580 * time.Millisecond)},
		"whole=46ms,load=1s":            {Name: "whole=46ms,load=1s", Whole: Always(46 * time.Millisecond), Load: Always(time.Second)},
		"tail=42ms~5ms,60ms~0s@3s": {
			Name: "tail=42ms~5ms,60ms~0s@3s",
			Tail: Course{{Takes: 42 * time.Millisecond, Spread: 5 * time.Millisecond}, {Takes: 60 * time.Millisecond, From: 3 * time.Second}},
		},
		"tail=1s": {Name: "tail=1s", Tail: Always(time.Second)},
		"tail=42ms,126ms@10s,42ms@20s,head=4ms": {
			Name: "tail=42ms,126ms@10s,42ms@20s,head=4ms", Head: Always(4 * time.Millisecond),
			Tail: Course{{Takes: 42 * time.Millisecond}, {Takes: 126 * time.Millisecond, From: 10 * time.Second}, {Takes: 42 * time.Millisecond, From: 20 * time.Second}},
		},
	} {
		got, err := ParseEmulation(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"pi9", "head", "head=4", "head=-4ms", "tial=4ms", "head=4ms,", "head=4ms;tail=4ms", "4ms", "4ms,head=4ms",
		"head=4ms,5ms", "head=4ms,5ms@3s,6ms@3s", "head=4ms,5ms@-1s", "head=4ms,5ms@", "head=4ms,head=5ms", "head=4ms~5ms", "head=4ms~", "head=4ms@3s~1ms", "head=4ms~-1ms", "whole=4ms,tail=1ms"} {
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
		if got := e.Tail.at(since).Takes; got != want*time.Millisecond {
			t.Errorf("after %v: %v", since, got)
		}
	}
	if got := e.Head.at(0); got.Takes != 0 {
		t.Errorf("a course of nothing takes %v", got.Takes)
	}
}

// Times with a spread have their mean, and that mean deviation.
func TestSpread(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, l := range []Leg{{Takes: 42 * time.Millisecond, Spread: 5 * time.Millisecond}, {Takes: time.Second, Spread: 800 * time.Millisecond}} {
		const n = 200_000
		var sum, off float64
		for range n {
			d := float64(l.draw(random))
			sum, off = sum+d, off+math.Abs(d-float64(l.Takes))
		}
		if mean := sum / n / float64(l.Takes); mean < 0.97 || mean > 1.03 {
			t.Errorf("%v: the mean is %.3f of what it should be", l, mean)
		}
		if spread := off / n / float64(l.Spread); spread < 0.97 || spread > 1.03 {
			t.Errorf("%v: the mean deviation is %.3f of what it should be", l, spread)
		}
	}
}

// What layers take together is what the device holds a frame for, whichever layers these are.
func TestEmulatedLayers(t *testing.T) {
	const ms = time.Millisecond
	shares := []float64{0.1, 0.2, 0.3, 0.4}
	for text, want := range map[string][]time.Duration{
		"whole=50ms,100ms@10s": {5 * ms, 10 * ms, 15 * ms, 20 * ms},
		"head=6ms,tail=14ms":   {2 * ms, 4 * ms, 6 * ms, 8 * ms},
		"tail=14ms":            {0, 0, 6 * ms, 8 * ms},
	} {
		synctest.Test(t, func(t *testing.T) {
			e, err := ParseEmulation(text)
			if err != nil {
				t.Fatal(err)
			}
			x := e.Executor(instant{}, 0, 2, shares, 1)
			layers := e.Layers(shares, 2, 0)
			for i, layer := range layers {
				if (layer - want[i]).Abs() > time.Microsecond {
					t.Errorf("%s: layer %d takes %v, want %v", text, i, layer, want[i])
				}
			}
			for _, part := range [][2]int{{0, 4}, {0, 2}, {2, 4}} {
				var sum time.Duration
				for _, layer := range layers[part[0]:part[1]] {
					sum += layer
				}
				began := time.Now()
				if _, err := x.Run(make([][]float32, 1), part[0], part[1]); err != nil || (time.Since(began)-sum).Abs() > time.Microsecond {
					t.Errorf("%s: layers %v take %v, want %v (%v)", text, part, time.Since(began), sum, err)
				}
			}
		})
	}
	e, _ := ParseEmulation("whole=50ms,100ms@10s")
	if got := e.Layers(shares, 2, 10*time.Second)[3]; got != 40*ms {
		t.Errorf("later, the last layer takes %v", got)
	}
}

// instant is an executor that takes no time.
type instant struct{ pipeline.Executor }

func (instant) Run(ins [][]float32, _, _ int) ([][]float32, error) { return ins, nil }
