package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"tandem/pipeline"
	"tandem/role/median"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/role/simulate"
)

// sweep is a grid of runs that is played:
//
//	                 ┌──▶ run ──┐
//	grid ──▶ missing ┼──▶ run ──┼──▶ file, in the order of the grid ──▶ table
//	           ▲     └──▶ run ──┘      │
//	           └── points that are done ┘
type sweep struct {
	grid           grid
	seeds          int
	pipelines      string // played at the same time: a list or a range
	shared         bool   // over one link
	simulate       bool
	play           Play
	version        string
	stdout, stderr io.Writer
}

// played is what became of one point.
type played struct {
	reports []pipeline.Report // of the pipelines that are played at the same time
	err     error
}

// run plays what is missing, and shows all.
func (s *sweep) run(ctx context.Context) (err error) {
	output := s.grid.points[0].given.Last("output")
	out, err := openFile(output, s.stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	missing := slices.DeleteFunc(slices.Clone(s.grid.points), func(p point) bool { _, is := out.done[p.name]; return is })
	play, workers, stop, err := s.player()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := s.all(ctx, out, missing, play, workers); err != nil {
		return err
	}
	if ctx.Err() != nil {
		hint := ""
		if output != "" {
			hint = ": the same command goes on with it"
		}
		return fmt.Errorf("interrupted with %d of %d points done%s", len(out.done), len(s.grid.points), hint)
	}
	table := s.stderr
	if output != "" {
		table = s.stdout
	}
	return s.table(table, out.done)
}

// player plays one point.
type player func(context.Context, options.Options, simulate.Together) ([]pipeline.Report, error)

// real plays a point for real.
func (s *sweep) real(ctx context.Context, o options.Options, _ simulate.Together) ([]pipeline.Report, error) {
	var printed bytes.Buffer
	var r pipeline.Report
	o.Stdout, o.Report = &printed, report.Options{Format: report.JSON}
	err := s.play(ctx, o)
	if err == nil {
		err = json.Unmarshal(printed.Bytes(), &r)
	}
	return []pipeline.Report{r}, err
}

// player is what plays a point, and how many at once.
func (s *sweep) player() (play player, workers int, stop func() error, err error) {
	if !s.simulate {
		return s.real, 1, func() error { return nil }, nil
	}
	sites := sites{made: make(map[string]*simulate.Site)}
	// Runs leave much that is garbage, and little that stays: a heap of some more megabytes is collected less often.
	percent := debug.SetGCPercent(300)
	return sites.play, runtime.GOMAXPROCS(0), func() error {
		debug.SetGCPercent(percent)
		return sites.close()
	}, nil
}

// all plays points, several at once, and writes them in their order.
func (s *sweep) all(ctx context.Context, out *file, points []point, play player, workers int) error {
	bar := progressbar.NewOptions(len(points), progressbar.OptionSetWriter(s.bar()), progressbar.OptionSetWidth(20), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	results := make(chan chan played, 4*workers) // each is what becomes of one point
	next := make(chan func(), workers)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for do := range next {
				do()
			}
		})
	}
	working.Go(func() {
		defer close(results)
		defer close(next)
		for _, p := range points {
			if ctx.Err() != nil {
				return
			}
			one := make(chan played, 1)
			results <- one
			next <- func() {
				o, err := s.options(p)
				var reports []pipeline.Report
				if err == nil {
					reports, err = play(ctx, o, p.together)
				}
				if err != nil {
					err = fmt.Errorf("%s: %w", p.name, err)
				}
				one <- played{reports, err}
			}
		}
	})
	var failed error
	i := 0
	for one := range results {
		got := <-one
		if failed == nil && got.err == nil && ctx.Err() == nil {
			got.err = out.add(points[i], got.reports)
		}
		if failed == nil && got.err != nil && ctx.Err() == nil {
			failed = got.err
			stop()
		}
		i++
		_ = bar.Add(1)
	}
	working.Wait()
	return failed
}

// bar is where progress is shown: on a terminal.
func (s *sweep) bar() io.Writer {
	if options.Terminal(s.stderr) {
		return s.stderr
	}
	return io.Discard
}

// table shows the medians of all points, with their intervals.
func (s *sweep) table(to io.Writer, done map[string][]figures) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	heads := append(slices.Clone(s.grid.vary), "coverage, %", "f/s", "p95, ms")
	if s.seeds >= 6 {
		fmt.Fprint(to, "medians, and what they lie between with a confidence of 95 %\n\n")
	} else if s.seeds > 1 {
		fmt.Fprint(to, "medians, and the least and largest value: six seeds and more would tell what they lie between with a confidence of 95 %\n\n")
	}
	fmt.Fprintln(w, strings.Join(heads, "\t")+"\t")
	for i := 0; i < len(s.grid.points); {
		group := s.grid.points[i].group
		var coverage, rate, age []float64
		for ; i < len(s.grid.points) && slices.Equal(s.grid.points[i].group, group); i++ {
			for _, r := range done[s.grid.points[i].name] {
				coverage, rate, age = append(coverage, r.coverage), append(rate, r.rate), append(age, r.age)
			}
		}
		cells := slices.Clone(group)
		for c := range cells {
			if cells[c] == "" {
				cells[c] = "-"
			}
		}
		cells = append(cells, show(coverage, "%.1f"), show(rate, "%.2f"), show(age, "%.0f"))
		fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	return w.Flush()
}

// show is a median with its interval.
func show(values []float64, format string) string {
	i := median.Of(values)
	if len(values) == 1 {
		return fmt.Sprintf(format, i.Median)
	}
	return fmt.Sprintf(format+" ["+format+", "+format+"]", i.Median, i.Low, i.High)
}

// sites are the simulated networks, one for each that options name. Several goroutines may use them.
type sites struct {
	mu   sync.Mutex
	made map[string]*simulate.Site
}

func (s *sites) play(ctx context.Context, o options.Options, t simulate.Together) ([]pipeline.Report, error) {
	site, err := s.of(o)
	if err != nil || ctx.Err() != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return site.PlayTogether(o, o.Strategy, t)
}

func (s *sites) of(o options.Options) (*simulate.Site, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fmt.Sprint(o.Model, o.Cuts, o.Settings.Shapes)
	if s.made[name] == nil {
		site, err := simulate.Open(o)
		if err != nil {
			return nil, err
		}
		s.made[name] = site
	}
	return s.made[name], nil
}

func (s *sites) close() error {
	var errs []error
	for _, site := range s.made {
		errs = append(errs, site.Close())
	}
	return errors.Join(errs...)
}
