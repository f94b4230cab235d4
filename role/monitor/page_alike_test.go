//go:build slow

package monitor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/role/plot"
)

// A strategy has its colour from plots, and runs that differ in anything but the parameter are never on one line.
func TestPageComparesLikeWithLike(t *testing.T) {
	p := openTab(t, startBrowser(t), newScene(t, func() (object, object) {
		return sceneHistory(nil, func(s float64) []object { return sceneNodes(1, false, "balance", s) }, sceneUnlike())
	}).URL+"/")
	p.until(t, live)
	for _, name := range []string{"baseline", "takeover", "alternate", "balance", "credit", "replicate", "not yet known", "ünknown", "x"} {
		got := evaluate[string](t, p, fmt.Sprintf(`import("./alike.js").then(m => m.colour(%q))`, name))
		if want := plot.ColourOf(name).Name; got != want {
			t.Errorf("%s is %s here and %s in plots", name, got, want)
		}
	}

	const shown = `[...document.querySelectorAll(".sweep .bar li")].map(x => x.textContent)`
	for _, test := range []struct {
		family string
		want   []string
	}{
		{"", []string{"baseline", "takeover", "alternate", "balance"}},
		{"dense-100-2000-2000, one every 30 ms, wifi link", []string{"takeover"}},
		{"all, told apart", []string{
			"baseline, dense-100-2000-2000, one every 30 ms, real link", "takeover, dense-100-2000-2000, one every 30 ms, real link",
			"takeover, dense-100-2000-2000, one every 30 ms, wifi link", "takeover, dense-100-2000-2000, one every 20 ms, real link",
			"alternate, dense-100-2000-2000, one every 30 ms, real link", "balance, dense-100-2000-2000, one every 30 ms, real link",
			"balance, squeezenet1_1, one every 30 ms, real link",
		}},
	} {
		if test.family != "" {
			evaluate[bool](t, p, fmt.Sprintf(`(s => { s.value = %q; return s.dispatchEvent(new Event("change")); })(document.getElementById("family"))`, test.family))
		}
		if got := evaluate[[]string](t, p, shown); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.family, got, test.want)
		}
	}
	p.until(t, `[...document.querySelectorAll("#runs thead button")].map(x => x.textContent).join().includes("model,link")`)
	p.innocent(t)

	for _, c := range []struct{ name, other string }{
		{"model", `"b"`}, {"cut", "2"}, {"cuts", "[1,3]"}, {"frames", "101"}, {"interval_ms", "20"}, {"emulate", `"off"`}, {"link", `"wifi"`}, {"wire", `"int8"`},
		{"version", `"2"`}, {"simulated", "true"}, {"nodes", "[]"}, {"load", `"background"`},
	} {
		got := evaluate[[]int](t, p, fmt.Sprintf(`import("./sweep.js").then(m => {
			const r = {strategy: "takeover", load: "blocking", frames: 100, interval_ms: 30, model: "a", cut: 1, emulate: "pi3", link: "real", wire: "float32", version: "1", nodes: [{role: "slow"}]};
			const runs = [{...r, tasks: 1}, {...r, tasks: 5}, {...r, tasks: 5, %s: %s}, {...r, tasks: 9, %[1]s: %[2]s}];
			return m.lines(runs, {name: "tasks", value: r => r.tasks || undefined}).map(l => l.runs.length);
		})`, c.name, c.other))
		if !slices.Equal(got, []int{2, 2}) {
			t.Errorf("runs that differ in %s: lines of %v runs", c.name, got)
		}
	}
}

// What was simulated has lines of its own beside what was measured, and each says which it is.
func TestPageShowsSimulatedBesideMeasured(t *testing.T) {
	p := openTab(t, startBrowser(t), newScene(t, func() (object, object) {
		return sceneHistory(nil, func(s float64) []object { return sceneNodes(1, false, "balance", s) }, sceneSimulated())
	}).URL+"/")
	p.until(t, live)
	evaluate[bool](t, p, `(s => { s.value = "all, told apart"; return s.dispatchEvent(new Event("change")); })(document.getElementById("family"))`)
	var want []string
	for _, strategy := range []string{"baseline", "takeover", "alternate", "balance"} {
		want = append(want, strategy+", measured", strategy+", simulated")
	}
	if got := evaluate[[]string](t, p, `[...document.querySelectorAll(".sweep .bar li")].map(x => x.textContent)`); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if caption := p.text(t, "#shared"); strings.Contains(caption, "measured") || strings.Contains(caption, "simulated") {
		t.Errorf("all share %q", caption)
	}
	looks := evaluate[[]string](t, p, `[...document.querySelectorAll(".sweep .bar li svg")].map(x => x.innerHTML)`)
	if slices.Sort(looks); len(slices.Compact(looks)) != len(want) {
		t.Errorf("two lines look the same: %q", looks)
	}
	p.shoot(t, "simulated-beside-measured")
	p.innocent(t)
}
