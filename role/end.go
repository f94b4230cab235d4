package role

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/transport"
)

// recordings is what the end node is made of: it records one run after another.
type recordings struct {
	cfg     setup
	name    string         // of this process
	labels  []int          // for frames that bring none; frame i has label i modulo their number
	reading answer.Reading // of what the network gives
	sinks   answer.Sinks
	publish func(r pipeline.Report) error
	arrived func(age time.Duration) // told of each frame's first arrival
	answers *answer.Fan
}

func (e *recordings) begin(_ context.Context, o beginning) (part, transport.Opened, error) {
	if r, ok := o.before.(*recording); ok { // it goes on
		return r, transport.Opened{Run: r.run, Life: r.life, End: e.name}, nil
	}
	if err := cmp.Or(e.reading.Begin(o.Run), e.sinks.Begin(o.Run)); err != nil {
		return nil, transport.Opened{}, err
	}
	r := &recording{
		life:       edge.NewLife(),
		recordings: e,
		View:       monitor.NewView(pipeline.NodeID{Role: string(options.End), Address: o.Address}),
		run:        o.Run,
		recorder:   pipeline.NewRecorder(o.Run, time.Now()),
		watch:      e.cfg.device.Watch(),
		restarted:  o.again(),
	}
	r.Begin(r.status)
	e.cfg.uplink.Begin(time.Now())
	return r, transport.Opened{Run: o.Run, Life: r.life, End: e.name}, nil
}

// recording is end's part in one run.
type recording struct {
	*recordings
	*monitor.View
	life     string
	run      pipeline.Run
	recorder *pipeline.Recorder
	watch    *device.Watch
	// restarted: the run has begun before, and this is not the process that it began on.
	restarted bool
}

func (r *recording) status() pipeline.Status {
	s := r.recorder.Status(r.ID)
	s.Version = r.cfg.Version
	r.watch.SoFar(&s.Entry)
	return s
}

// Recut takes note that the run is cut anew. Results are the same wherever it is.
func (r *recording) Recut(to pipeline.Recut) pipeline.Recutting {
	if to.Go {
		r.recorder.Recut(time.Now(), to)
	}
	return pipeline.Recutting{Epoch: to.Epoch, Ready: true}
}

func (r *recording) below() map[pipeline.NodeID]bool { return nil }

// Summary is made here, and goes up the pipeline with the answers to signs of life.
func (r *recording) Summary() *pipeline.Live {
	l := r.recorder.Live(time.Now(), r.Above())
	return &l
}

// Offer records results. End has no queue, so it takes every frame that is one.
func (r *recording) Offer(frames []pipeline.Frame, _ bool) ([]pipeline.Feedback, error) {
	for i := range frames {
		if frames[i].By.Role == "" {
			return nil, fmt.Errorf("%w %d: its last layer has not run: send it to a fast or slow node", pipeline.ErrInvalidFrame, frames[i].ID)
		}
		if err := r.recorder.Check(&frames[i]); err != nil {
			return nil, err
		}
	}
	answers := make([]pipeline.Feedback, len(frames))
	for i := range frames {
		f := &frames[i]
		if f.Label == pipeline.NoLabel && len(r.labels) > 0 {
			f.Label = r.labels[f.ID%uint64(len(r.labels))]
		}
		if first := r.recorder.Add(f); first {
			r.arrived(f.Age)
			a := r.reading.Of(r.run, f)
			r.answers.Publish(answer.Event{Run: r.run.ID, Answer: &a})
		}
		answers[i] = pipeline.Feedback{Accepted: true}
	}
	return answers, nil
}

// begun reports whether any frame is known of. Where an opening fails, or the client's input is empty, there is none.
func begun(r pipeline.Report) bool {
	return r.Delivered > 0 || slices.ContainsFunc(r.Nodes, func(e pipeline.Entry) bool { return e.Received > 0 })
}

// Close makes the report and publishes it.
func (r *recording) Close(_ context.Context, end edge.Ending) (pipeline.Report, error) {
	entry := pipeline.Entry{NodeID: r.ID, Life: r.life, Link: r.cfg.Link.Name, Restarted: r.restarted}
	end.Say(r.ID, r.watch.End(&entry)...)
	if r.restarted {
		end.Say(r.ID, edge.StartedAgain+": rate, ages and time are those since then")
	}
	report := r.recorder.Close(time.Now(), entry, end.Nodes)
	for _, n := range report.Nodes {
		if n.IDsCut && report.Unaccounted != 0 {
			end.Say(n.NodeID, "had more frames than it could name: that is why some are unaccounted for")
		}
	}
	// A card that is full must not cost the neighbours their report.
	for _, err := range r.sinks.Flush() {
		r.cfg.Log.Error().Err(err).Msg("answers are missing")
		end.Say(r.ID, "could not write "+err.Error())
	}
	report.Version, report.Notes = r.cfg.Version, end.Notes
	if !begun(report) {
		r.cfg.Log.Info().Str("run", report.Run).Strs("notes", report.Notes).Msg("no frame was sent: there is no report to keep")
		return report, nil
	}
	if err := r.publish(report); err != nil {
		r.cfg.Log.Error().Err(err).Msg("report not written")
	}
	return report, nil
}
