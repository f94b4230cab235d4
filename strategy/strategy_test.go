package strategy

import (
	"strings"
	"testing"
	"time"
)

// trace plays a string of events to a strategy, 30 ms apart, and returns its decisions. Events: '.' a frame, 'x' an
// overload, 'o' an accepted frame's answer. Decisions: 'f' forward, 'F' forward and hold the tail, 'T' finish here and
// hold the tail, 't' finish here and drop it, 'w' wait, 'l' and 'L' wait or forward while the tail is being loaded.
func trace(s Strategy, events string) string {
	var out strings.Builder
	resident := false
	fleet := NewFleet(1)
	fleet.See(0, Neighbour{Up: true})
	for i, e := range events {
		now := time.Duration(i) * 30 * time.Millisecond
		answer := Feedback{Now: now, Accepted: e == 'o', Length: 10, Capacity: 10, Service: 42 * time.Millisecond}
		switch e {
		case '.':
			d := s.Next(Situation{Now: now, Capacity: 10, Resident: resident, Head: 4 * time.Millisecond, Slow: fleet.Outlook(now)})
			resident = d.Hold && (resident || d.Finish || d.Load)
			if !d.Finish && d.Wait == 0 {
				fleet.Sent(0, now+4*time.Millisecond)
			}
			out.WriteByte(letter(d))
		case 'x', 'o':
			if e == 'o' {
				answer.Length = 1
			}
			fleet.Observe(0, answer)
			s.Observe(answer)
		}
	}
	return out.String()
}

func letter(d Decision) byte {
	switch {
	case d.Wait > 0 && d.Load:
		return 'l'
	case d.Wait > 0:
		return 'w'
	case d.Load:
		return 'L'
	case d.Finish && d.Hold:
		return 'T'
	case d.Finish:
		return 't'
	case d.Hold:
		return 'F'
	}
	return 'f'
}

func TestTraces(t *testing.T) {
	for _, c := range []struct {
		name     string
		strategy string
		tasks    int
		loading  Loading // empty: the strategy's own
		events   string
		want     string
	}{
		{"baseline ignores overloads", "baseline", 1, "", "..x.xx..", "fffff"},
		{"baseline without feedback", "baseline", 1, "", "...", "fff"},

		{"takeover forwards until an overload", "takeover", 3, "", ".o.o.o", "fff"},
		{"takeover finishes so many tasks", "takeover", 3, "", ".x......", "fTTtfff"},
		{"takeover of one task holds nothing", "takeover", 1, "", "x..", "tf"},
		{"takeover: an overload sets, never toggles", "takeover", 2, "", "xx...", "Ttf"},
		{"takeover: an overload in a burst changes nothing", "takeover", 3, "", "x.x.x...", "TTtff"},
		{"takeover: an overload after a burst starts the next", "takeover", 2, "", "x..x...", "TtTtf"},
		{"takeover: acceptance does not end a burst", "takeover", 3, "", "x.o.o.o.", "TTtf"},

		{"alternate forwards one after each", "alternate", 3, "", "x.......", "TFTFtff"},
		{"alternate of one task", "alternate", 1, "", "x...", "tff"},
		{"alternate counts the finished ones", "alternate", 2, "", ".x......", "fTFtfff"},
		{"alternate: an overload in a burst changes nothing", "alternate", 2, "", "x.x.x.o..", "TFtff"},
		{"alternate: an overload on the last forwarded frame starts the next burst", "alternate", 1, "", "x..x..", "tftf"},
		{"alternate: an overload before the last forwarded frame starts after it", "alternate", 1, "", "x.x...", "tFtf"},

		{"balance forwards while slow is free", "balance", 0, "", ".o.o.o", "FFF"},
		{"balance loads the tail beside the work when slow is full, and then finishes here", "balance", 0, "", ".x...", "FlTT"},
		{"balance forwards again when slow has worked its queue off", "balance", 0, "", ".x........................", "FlTTTTTTTTTTTTFTFFFTFFTFF"},

		{"credit forwards what slow has places for", "credit", 0, "", ".o.........", "FFFFFFFFFF"},
		{"credit without a place loads the tail, then finishes here", "credit", 0, "", ".x......", "FlTFTFF"},

		{"takeover loads beside the work if it is told to, and then finishes its burst", "takeover", 3, Background, ".x......", "fLTTtff"},
		{"alternate loads beside the work for each burst", "alternate", 1, Background, "x....x....", "LtffLtff"},
		{"balance switches on the loop if it is told to", "balance", 0, Blocking, ".x...", "FTTT"},
		{"credit switches on the loop if it is told to", "credit", 0, Blocking, ".x...", "FTTF"},

		{"replicate finishes all", "replicate", 1, "", ".x.o..", "TTTT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Lookup(c.strategy)
			if err != nil {
				t.Fatal(err)
			}
			if got := trace(e.Start(Params{Tasks: c.tasks, Loading: c.loading}), c.events); got != c.want {
				t.Errorf("%s: got %s, want %s", c.events, got, c.want)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	for _, e := range All() {
		for _, name := range []string{e.Name, e.Alias} {
			if name == "" {
				continue
			}
			if got, err := Lookup(name); err != nil || got.Name != e.Name {
				t.Errorf("Lookup(%q) = %v, %v", name, got.Name, err)
			}
		}
	}
	for _, name := range []string{"", "s4", "Baseline", "baseline "} {
		_, err := Lookup(name)
		if err == nil || !strings.Contains(err.Error(), "takeover (s1)") {
			t.Errorf("Lookup(%q): error %v does not name what is allowed", name, err)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, e := range All() {
		if seen[e.Name] || e.Alias != "" && seen[e.Alias] {
			t.Errorf("%s (%s) is not unique", e.Name, e.Alias)
		}
		seen[e.Name], seen[e.Alias] = true, true
		if e.Summary == "" {
			t.Errorf("%s has no summary", e.Name)
		}
	}
}

func TestValidate(t *testing.T) {
	takeover, _ := Lookup("takeover")
	baseline, _ := Lookup("baseline")
	if err := takeover.Validate(Params{Tasks: 0}); err == nil {
		t.Error("takeover takes 0 tasks")
	}
	if err := takeover.Validate(Params{Tasks: 1}); err != nil {
		t.Error(err)
	}
	if err := baseline.Validate(Params{}); err != nil {
		t.Errorf("baseline has no tasks, and is refused for them: %v", err)
	}
}

// FuzzStrategies plays any events to every registered strategy, with both ways of loading. A strategy may not fail, its
// decisions follow from the events alone, and without an overload ever it may not need a switch; one that keeps frames
// looks ahead, and may not need one before the first answer.
func FuzzStrategies(f *testing.F) {
	f.Add(3, ".x..o.x....")
	f.Add(1, "xxxx....")
	f.Add(1000000, "x.o.x.o.")
	f.Fuzz(func(t *testing.T, tasks int, events string) {
		for _, e := range All() {
			for _, load := range []Loading{"", Background, Blocking} {
				p := Params{Tasks: tasks, Loading: load}
				if e.Validate(p) != nil {
					continue
				}
				first, second := trace(e.Start(p), events), trace(e.Start(p), events)
				if first != second {
					t.Errorf("%s: %q gives %s and %s", e.Name, events, first, second)
				}
				if len(first) != strings.Count(events, ".") {
					t.Errorf("%s: %q: %d decisions", e.Name, events, len(first))
				}
				if e.Whole {
					continue
				}
				if news := map[bool]string{false: "x", true: "xo"}[e.Keeps]; !strings.ContainsAny(events, news) && strings.ContainsAny(first, "tTlL") {
					t.Errorf("%s: %q: helps without a reason: %s", e.Name, events, first)
				}
				checkLoading(t, e, load, first)
			}
		}
	})
}

// checkLoading fails where the decisions make a switch in another way than they are told to: in the background a frame
// is finished here only after one that began to load, and blocking none begins to.
func checkLoading(t *testing.T, e Entry, load Loading, decisions string) {
	t.Helper()
	if load == "" {
		load = e.Loading
	}
	resident := false
	for i, d := range decisions {
		switch {
		case load == Background && !resident && (d == 't' || d == 'T'):
			t.Errorf("%s, %s: decision %d of %s finishes before the tail is there", e.Name, load, i, decisions)
		case load == Blocking && (d == 'l' || d == 'L'):
			t.Errorf("%s, %s: decision %d of %s loads beside the work", e.Name, load, i, decisions)
		}
		resident = strings.ContainsRune("lLT", d) || d == 'F' && resident
	}
}
