//go:build slow

package role

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/role/simulate"
)

// The simulation agrees with runs in real time, too: coverage within 3 points, and rate within 3 %. A machine that was too busy
// to emulate the devices says so, and is no witness; one that other tests keep busy may be late without saying so, and so the
// test is asked for by name: just agree.
func TestSimulationAgreesInRealTime(t *testing.T) {
	if *configurations == 0 {
		t.Skip("an idle machine is needed, and nothing else that runs: just agree")
	}
	agree := make(chan bool, *configurations)
	t.Run("all", func(t *testing.T) {
		for seed := *first; seed < *first+uint64(*configurations); seed++ {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				agreesInRealTime(t, chance(rand.New(rand.NewPCG(seed, 2))), agree)
			})
		}
	})
	close(agree)
	n, yes := 0, 0
	for is := range agree {
		if n++; is {
			yes++
		}
	}
	t.Logf("of %d runs the machine could play %d, and %d of these agree", *configurations, n, yes)
	if 2*n < *configurations {
		t.Fatalf("this machine is too busy to emulate devices: it could play %d of %d runs", n, *configurations)
	}
	if 100*yes < 95*n {
		t.Errorf("%d of %d agree", yes, n)
	}
}

func agreesInRealTime(t *testing.T, o options.Options, agree chan<- bool) {
	o.Frames, o.Cuts, o.Threads = min(o.Frames, 150), o.Cuts[:1], 1
	site, err := simulate.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	simulated, err := site.Play(o, o.Strategy)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		played := playReal(t, o)
		if strings.Contains(strings.Join(played.Notes, " "), "too busy") {
			t.Logf("the machine was too busy: %q", played.Notes)
			continue
		}
		coverage, rate := simulated.Coverage-played.Coverage, 100*(simulated.Rate/played.Rate-1)
		is := math.Abs(coverage) <= 3 && math.Abs(rate) <= 3
		t.Logf("%s: coverage %.1f and %.1f played, rate %.2f and %.2f, p95 %.0f and %.0f ms", o.Strategy,
			simulated.Coverage, played.Coverage, simulated.Rate, played.Rate, simulated.Latency.P95, played.Latency.P95)
		if agree <- is; !is {
			t.Logf("that is too far from each other: %s", describe(o))
		}
		return
	}
}

func playReal(t *testing.T, o options.Options) pipeline.Report {
	c := setup{Options: o}
	c.Simulated, c.Stdin, c.Stdout, c.Stderr = false, strings.NewReader(""), io.Discard, io.Discard
	nodes, err := startLocal(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	played, err := nodes.run(context.Background(), c, o.Strategy)
	if err := errors.Join(err, nodes.stop()); err != nil {
		t.Fatal(err)
	}
	return played
}
