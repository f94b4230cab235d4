package input

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestArrivals(t *testing.T) {
	file := filepath.Join(t.TempDir(), "times.txt")
	if err := os.WriteFile(file, []byte("0.5\n0.5\n1\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]time.Duration{"beat": 10, "poisson": 10, "burst=5": 10} { // ms in the mean
		a, err := ParseArrivals(text)
		if err != nil {
			t.Fatal(err)
		}
		n, all := 0, time.Duration(0)
		for gap := range a.Gaps(10*time.Millisecond, 1) {
			if n++; n > 10_000 {
				break
			}
			all += gap
		}
		if mean := all / 10_000; mean < want*time.Millisecond*97/100 || mean > want*time.Millisecond*103/100 {
			t.Errorf("%s: %v between frames, and %d ms are wanted", text, mean, want)
		}
	}
	a, err := ParseArrivals(file)
	if err != nil {
		t.Fatal(err)
	}
	var gaps []time.Duration
	for gap := range a.Gaps(0, 1) {
		gaps = append(gaps, gap)
	}
	if len(gaps) != 3 || gaps[0] != 0 || gaps[1] != 500*time.Millisecond || gaps[2] != 2*time.Second || a.Mean() != 2500*time.Millisecond/3 {
		t.Errorf("gaps %v, mean %v", gaps, a.Mean())
	}
	for _, text := range []string{"", "beats", "burst=0", "burst=x", "burst=", filepath.Dir(file)} {
		if _, err := ParseArrivals(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	for _, text := range []string{"", "1", "1 0.5", "-1 2", "1 x", "1 NaN"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseArrivals(file); err == nil {
			t.Errorf("a file of %q is taken", text)
		}
	}
}

func TestBeat(t *testing.T) {
	now := time.Now()
	for late, want := range map[time.Duration]time.Duration{20 * time.Millisecond: 10 * time.Millisecond, time.Minute: 30 * time.Millisecond} {
		s := Arrivals{}.Start(30*time.Millisecond, 1, now)
		if more := s.Next(now.Add(late)); !more || s.At.Sub(now.Add(late)) != want {
			t.Errorf("late by %v: the next frame is due in %v", late, s.At.Sub(now.Add(late)))
		}
		s.Stop()
	}
}
