package pipeline

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// The real stages, queues and strategies, with layers that take the original's time, give the original's results. This
// is the fake-time twin of `just published`.
func TestPublishedResults(t *testing.T) {
	file, err := os.Open("../role/plot/published.csv")
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
		synctest.Test(t, func(t *testing.T) {
			e, err := strategy.Lookup(p[0])
			if err != nil {
				t.Fatal(err)
			}
			tasks, _ := strconv.Atoi(p[1]) // empty: none
			coverage, _ := strconv.ParseFloat(p[2], 64)
			rate, _ := strconv.ParseFloat(p[3], 64)
			run := Run{ID: "published", Strategy: e.Name, Tasks: tasks, Frames: 100, Interval: 30 * time.Millisecond}
			r := oneSlow(run, pi).start().play()
			if r.Unaccounted != 0 {
				t.Errorf("%s %d: %d unaccounted", e.Name, tasks, r.Unaccounted)
			}
			t.Logf("%-9s %2d  coverage %5.1f (published %5.1f)  rate %5.2f (published %5.2f)", e.Name, tasks, r.Coverage, coverage, r.Rate, rate)
			off := math.Abs(r.Coverage - coverage)
			coverageError, rateError, worst = coverageError+off, rateError+math.Abs(r.Rate-rate), max(worst, off)
		})
	}
	n := float64(len(points) - 1)
	t.Logf("mean error %.2f points and %.2f f/s, largest %.1f points", coverageError/n, rateError/n, worst)
	if n != 14 || coverageError/n > 3 || rateError/n > 1 || worst > 8 {
		t.Error("that is too far from the published results")
	}
}
