package simulate

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"tandem/pipeline"
	"tandem/pipeline/simulate"
	"tandem/role/median"
	"tandem/role/options"
	"tandem/transport/link"
)

// Together is several pipelines that are played at the same time: each has a client, a fast node, slow nodes and an end of its
// own, and chances of its own, and they may have one link in common.
//
//	client ─▶ fast ─▶ slow … ─▶ end ╮
//	client ─▶ fast ─▶ slow … ─▶ end ┼ over one link, such as a channel of Wi-Fi
//	client ─▶ fast ─▶ slow … ─▶ end ╯
type Together struct {
	Pipelines int
	Shared    bool // one link carries what all of them send
}

// What the flags mean, also to a sweep.
const (
	PipelinesUsage = "how many such pipelines there are at the same time, each with a client, a fast node, slow nodes and an end of its own"
	SharedUsage    = "one link carries what all nodes of all pipelines send, as a channel of Wi-Fi does, instead of one for each node"
)

// maxPipelines are as many as anybody has asked for, and more.
const maxPipelines = 10_000

// Check refuses what can't be played together.
func (t Together) Check(o options.Options) error {
	switch {
	case t.Pipelines < 1 || t.Pipelines > maxPipelines:
		return fmt.Errorf("--pipelines is %d: use a whole number from 1 to %d", t.Pipelines, maxPipelines)
	case t.Shared && o.Link.Name == "":
		return errors.New("--shared-link means nothing without a link: give --link, as in --link wifi or --link rate=54mbit,delay=2ms")
	case t.Pipelines > 1 && o.Trace != "":
		return errors.New("--trace is of one pipeline: leave out --pipelines")
	}
	return nil
}

// PlayTogether simulates so many pipelines. They begin one after the other within the time between two frames.
func (s *Site) PlayTogether(o options.Options, name string, t Together) ([]pipeline.Report, error) {
	if t.Shared {
		these := *s // others may play at the same time
		these.shared = link.NewUplink(o.Link, o.Seed)
		s = &these
	}
	plans := make([]simulate.Plan, t.Pipelines)
	for i := range plans {
		p, err := s.Plan(o, name)
		if err != nil {
			return nil, err
		}
		if t.Pipelines > 1 {
			p.Run.ID += "-" + strconv.Itoa(i+1)
		}
		p.Start = time.Duration(i) * p.Run.Interval / time.Duration(t.Pipelines)
		plans[i] = p
		o.Seed++
	}
	reports, err := simulate.PlayTogether(plans...)
	for i := range reports {
		reports[i].Version = o.Version
	}
	return reports, err
}

// summary shows what pipelines that were played together have done: of each strategy in a line.
func summary(to io.Writer, all [][]pipeline.Report) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "strategy\tpipelines\tcoverage, %%\tleast\tf/s together\tp95, ms\tmost\t\n")
	for _, reports := range all {
		var coverage, age []float64
		var rate float64
		for _, r := range reports {
			coverage, age = append(coverage, r.Coverage), append(age, r.Latency.P95)
			rate += r.Rate
		}
		c, a := median.Of(coverage), median.Of(age)
		least, most := coverage[0], age[0]
		for i := range coverage {
			least, most = min(least, coverage[i]), max(most, age[i])
		}
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%.1f\t%.2f\t%.0f\t%.0f\t\n", reports[0].Strategy, len(reports), c.Median, least, rate, a.Median, most)
	}
	return w.Flush()
}
