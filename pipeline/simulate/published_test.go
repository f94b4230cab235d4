package simulate

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/strategy"
)

// steady is a device whose times don't change.
type steady struct{ head, tail, load time.Duration }

func (d steady) Computes(_ time.Duration, frames, from, to, cut int) (t time.Duration) {
	if from < cut {
		t += d.head
	}
	if to > cut {
		t += d.tail
	}
	return time.Duration(frames) * t
}

func (d steady) Loads(time.Duration) time.Duration { return d.load }

// pi is what explains the original's results: a Pi 3 under its software.
var pi = steady{4 * time.Millisecond, 42 * time.Millisecond, 580 * time.Millisecond}

// planOf is a plan for a fast node and slow ones behind each hand-over, with a layer each.
func planOf(run pipeline.Run, device func(level, i int) Device, slow ...int) Plan {
	e, err := strategy.Lookup(run.Strategy)
	if err != nil {
		panic(err)
	}
	layers := 1 + len(slow)
	shapes := func(int) [][]int { return [][]int{{1}} }
	node := func(level, i int) Node {
		role, from, to := "fast", level, level+1
		if level > 0 {
			role = "slow"
		}
		if e.Whole {
			from, to = 0, layers
		}
		return Node{
			Host: Host{ID: pipeline.NodeID{Role: role, Address: strconv.Itoa(level) + "." + strconv.Itoa(i)}}, Device: device(level, i),
			Stage: pipeline.StageConfig{
				Holding: pipeline.Holding{From: from, To: to, Shapes: shapes}, Cut: min(level+1, layers-1), Layers: layers,
				KeepTail: to == layers, Queue: 10, Batch: 1,
			},
		}
	}
	p := Plan{
		Run: run, Levels: [][]Node{{node(0, 0)}}, Gaps: pipeline.Beat(run.Interval), Limit: 24 * time.Hour,
		Client: Host{ID: pipeline.NodeID{Role: "client"}}, End: Host{ID: pipeline.NodeID{Role: "end"}},
	}
	for level, nodes := range slow {
		var these []Node
		for i := range nodes {
			these = append(these, node(level+1, i))
		}
		p.Levels = append(p.Levels, these)
		p.Run.Cuts = append(p.Run.Cuts, level+1)
	}
	return p
}

func same(d Device) func(int, int) Device { return func(int, int) Device { return d } }

func play(t testing.TB, p Plan) pipeline.Report {
	t.Helper()
	r, err := Play(p)
	if err != nil {
		t.Fatal(err)
	}
	if r.Unaccounted != 0 {
		t.Errorf("%d frames are unaccounted", r.Unaccounted)
	}
	for _, n := range r.Nodes {
		if n.Here() != 0 {
			t.Errorf("the ledger does not add up: %v", n)
		}
	}
	return r
}

// noisy is a device whose times are sometimes a little longer and sometimes shorter.
type noisy struct {
	steady
	random *rand.Rand
}

func (d noisy) Computes(since time.Duration, frames, from, to, cut int) time.Duration {
	return time.Duration(float64(d.steady.Computes(since, frames, from, to, cut)) * (0.98 + 0.04*d.random.Float64()))
}

// The simulation gives the original's results, as the real stages do in package pipeline: the medians of so many runs for each of
// the points.
func TestPublishedResults(t *testing.T) {
	seeds := map[bool]int{false: 20, true: 100}[long]
	file, err := os.Open("../../role/plot/published.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comment = '#'
	points, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var coverageError, rateError, worst float64
	for _, p := range points[1:] {
		tasks, _ := strconv.Atoi(p[1]) // empty: none
		coverage, _ := strconv.ParseFloat(p[2], 64)
		rate, _ := strconv.ParseFloat(p[3], 64)
		run := pipeline.Run{ID: "published", Strategy: p[0], Tasks: tasks, Frames: 100, Interval: 30 * time.Millisecond}
		var coverages, rates []float64
		for seed := range uint64(seeds) {
			r := play(t, planOf(run, func(level, i int) Device {
				return noisy{pi, rand.New(rand.NewPCG(seed, uint64(level)))}
			}, 1))
			coverages, rates = append(coverages, r.Coverage), append(rates, r.Rate)
		}
		slices.Sort(coverages)
		slices.Sort(rates)
		gotCoverage, gotRate := coverages[seeds/2], rates[seeds/2]
		t.Logf("%-9s %2d  coverage %5.1f (published %5.1f)  rate %5.2f (published %5.2f)", p[0], tasks, gotCoverage, coverage, gotRate, rate)
		off := math.Abs(gotCoverage - coverage)
		coverageError, rateError, worst = coverageError+off, rateError+math.Abs(gotRate-rate), max(worst, off)
	}
	n := float64(len(points) - 1)
	t.Logf("mean error %.2f points and %.2f f/s, largest %.1f points", coverageError/n, rateError/n, worst)
	if n != 14 || coverageError/n > 3 || rateError/n > 1 || worst > 8 {
		t.Error("that is too far from the published results")
	}
}
