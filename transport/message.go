package transport

import (
	"fmt"
	"math"
	"time"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// What a frame may hold, whatever its size in bytes.
const (
	maxLabel = 1 << 24
	maxAge   = 365 * 24 * time.Hour
)

func runToWire(r pipeline.Run) *wire.Run {
	return &wire.Run{
		Id: r.ID, Strategy: r.Strategy, Tasks: int32(r.Tasks), Frames: r.Frames,
		IntervalNs: int64(r.Interval), Model: r.Model, Digest: r.Digest, Cuts: ints[int32](r.Cuts), Load: string(r.Load),
		Wire: r.Wire, Newest: r.Newest, Outputs: tensorsToWire(r.Outputs), Auto: r.Auto, Epoch: int32(r.Epoch),
	}
}

func runFromWire(m *wire.Run) pipeline.Run {
	return pipeline.Run{
		ID: m.GetId(), Strategy: m.GetStrategy(), Tasks: int(m.GetTasks()), Frames: m.GetFrames(),
		Interval: time.Duration(m.GetIntervalNs()), Model: m.GetModel(), Digest: m.GetDigest(),
		Cuts: ints[int](m.GetCuts()), Load: pipeline.Loading(m.GetLoad()), Wire: m.GetWire(),
		Newest: m.GetNewest(), Outputs: tensorsFromWire(m.GetOutputs()), Auto: m.GetAuto(), Epoch: int(m.GetEpoch()),
	}
}

// framesToWire encodes frames that reach their neighbour at about the given moment, in a run of the given wire format.
// The messages may share the frames' data.
func framesToWire(frames []pipeline.Frame, format string, arrival time.Time) []*wire.Frame {
	out := make([]*wire.Frame, len(frames))
	for i := range frames {
		f := &frames[i]
		out[i] = &wire.Frame{
			Id: f.ID, Next: int32(f.Next), AgeNs: int64(f.AgeAt(arrival)),
			FinishedByRole: f.By.Role, FinishedByAddress: f.By.Address, Source: f.Source,
		}
		encode(out[i], f.Shapes, f.Data, encodingOf(f, format))
		if f.Label != pipeline.NoLabel {
			out[i].Label = new(int32(f.Label))
		}
	}
	return out
}

// framesFromWire decodes and validates frames that came in at the given moment. Their data may be the messages' own.
func framesFromWire(messages []*wire.Frame, arrival time.Time) ([]pipeline.Frame, error) {
	frames := make([]pipeline.Frame, len(messages))
	for i, m := range messages {
		var err error
		if frames[i], err = frameFromWire(m); err != nil {
			return nil, err
		}
		frames[i].Since = arrival
	}
	return frames, nil
}

func frameFromWire(m *wire.Frame) (pipeline.Frame, error) {
	invalid := func(format string, args ...any) (pipeline.Frame, error) {
		return pipeline.Frame{}, fmt.Errorf("%w %d: %s", pipeline.ErrInvalidFrame, m.GetId(), fmt.Sprintf(format, args...))
	}
	f := pipeline.Frame{
		ID: m.GetId(), Next: int(m.GetNext()), Label: pipeline.NoLabel, Age: time.Duration(m.GetAgeNs()),
		By:     pipeline.NodeID{Role: m.GetFinishedByRole(), Address: m.GetFinishedByAddress()},
		Source: m.GetSource(),
	}
	switch {
	case f.Next < 0:
		return invalid("its next layer is %d: 0 or more is allowed", f.Next)
	case f.Age < 0 || f.Age > maxAge:
		return invalid("its age is %v: 0 to %v is allowed", f.Age, maxAge)
	case !shortText(f.By.Role) || !shortText(f.By.Address):
		return invalid("the name of the node that finished it is longer than %d bytes, or can't be printed", maxNameBytes)
	case !shortText(f.Source):
		return invalid("the name of its source is longer than %d bytes, or can't be printed", maxNameBytes)
	case len(m.GetMore()) > MaxTensors-1:
		return invalid("it has %d tensors: %d are allowed", len(m.GetMore())+1, MaxTensors)
	}
	if m.Label != nil {
		if f.Label = int(m.GetLabel()); f.Label < 0 || f.Label > maxLabel {
			return invalid("its label is %d: 0 to %d is allowed", f.Label, maxLabel)
		}
	}
	var err error
	if f.Shapes, err = shapesFromWire(m); err != nil {
		return invalid("%v", err)
	}
	if f.Data, err = decode(m, f.Shapes); err != nil {
		return invalid("%v", err)
	}
	return f, nil
}

// shapesFromWire decodes and validates the shapes of a frame's tensors, which together have no more values than a message
// can bring.
func shapesFromWire(m *wire.Frame) ([][]int, error) {
	shapes, sum := make([][]int, 0, 1+len(m.GetMore())), int64(0)
	for i := range cap(shapes) {
		dims := m.GetShape()
		if i > 0 {
			dims = m.GetMore()[i-1].GetShape()
		}
		if len(dims) == 0 || len(dims) > maxDims {
			return nil, fmt.Errorf("its shape has %d dimensions: 1 to %d are allowed", len(dims), maxDims)
		}
		shapes = append(shapes, ints[int](dims))
		values := valuesOf(shapes[i])
		if sum += values; values < 1 || sum > math.MaxInt32 {
			return nil, fmt.Errorf("its shape %v is no shape of a frame", shapes[i])
		}
	}
	return shapes, nil
}

// valuesOf is the number of values in a shape; 0 where it is no shape, or one that no message can bring.
func valuesOf(shape []int) int64 {
	values := int64(1)
	for _, d := range shape {
		if d < 1 || values > math.MaxInt32/int64(d) {
			return 0
		}
		values *= int64(d)
	}
	return values
}

func tensorsToWire(tensors []pipeline.Tensor) (list []*wire.Value) {
	for _, t := range tensors {
		list = append(list, &wire.Value{Name: t.Name, Shape: ints[int32](t.Shape), Type: t.Type, Probability: t.Probability})
	}
	return list
}

func tensorsFromWire(list []*wire.Value) (tensors []pipeline.Tensor) {
	for _, v := range list {
		tensors = append(tensors, pipeline.Tensor{Name: v.GetName(), Shape: ints[int](v.GetShape()), Type: v.GetType(), Probability: v.GetProbability()})
	}
	return tensors
}

func lossesToWire(losses []pipeline.Loss) (list []*wire.Loss) {
	for _, f := range losses {
		list = append(list, &wire.Loss{Role: f.Role, Address: f.Address, Outcome: f.Outcome.String(), Frames: f.Frames.Steps()})
	}
	return list
}

func lossesFromWire(list []*wire.Loss) (losses []pipeline.Loss, err error) {
	for _, m := range list {
		f := pipeline.Loss{NodeID: pipeline.NodeID{Role: m.GetRole(), Address: m.GetAddress()}}
		if f.Frames, err = pipeline.NewIDs(m.GetFrames()); err != nil {
			return nil, err
		}
		if n := f.Frames.Len(); n > pipeline.MaxLossFrames {
			return nil, fmt.Errorf("%w: a loss of %d frames: %d are allowed", pipeline.ErrInvalidRun, n, pipeline.MaxLossFrames)
		}
		if f.Outcome, err = pipeline.ParseLoss(m.GetOutcome()); err != nil {
			return nil, err
		}
		losses = append(losses, f)
	}
	return losses, nil
}

// enters is what frames bring: of a node that tells one shape alone, it is that of the only input.
func enters(m *wire.OpenResponse) []Input {
	if len(m.GetInputs()) == 0 && len(m.GetShape()) > 0 {
		return []Input{{Shape: ints[int](m.GetShape())}}
	}
	return tensorsFromWire(m.GetInputs())
}

func feedbackToWire(answers []pipeline.Feedback) []*wire.Feedback {
	out := make([]*wire.Feedback, len(answers))
	for i, a := range answers {
		out[i] = &wire.Feedback{
			Accepted: a.Accepted, QueueLength: int32(a.Length), QueueCapacity: int32(a.Capacity), Busy: a.Busy, Throttled: a.Throttled, Batch: int32(a.Batch),
			ServiceNs: int64(a.Service), SpreadNs: int64(a.Spread), Number: a.Number, Left: rangesToWire(a.Left),
		}
	}
	return out
}

// rangesToWire lists the first and the last number of each range.
func rangesToWire(ranges [][2]uint64) (list []uint64) {
	for _, r := range ranges {
		list = append(list, r[0], r[1])
	}
	return list
}

// feedbackFromWire decodes answers. What can't be is taken for what is nearest to it: strategies reckon with these.
func feedbackFromWire(messages []*wire.Feedback, life string) []pipeline.Feedback {
	count := func(n int32) int { return max(0, int(n)) }
	span := func(ns int64) time.Duration { return min(max(0, time.Duration(ns)), maxAge) }
	out := make([]pipeline.Feedback, len(messages))
	for i, m := range messages {
		out[i] = pipeline.Feedback{
			Accepted: m.GetAccepted(), Length: count(m.GetQueueLength()), Capacity: count(m.GetQueueCapacity()),
			Busy: m.GetBusy(), Throttled: m.GetThrottled(), Batch: count(m.GetBatch()), Service: span(m.GetServiceNs()), Spread: span(m.GetSpreadNs()),
			Number: m.GetNumber(), Life: life,
		}
		for left := m.GetLeft(); len(left) > 1 && len(out[i].Left) < maxLeft; left = left[2:] {
			out[i].Left = append(out[i].Left, [2]uint64{left[0], left[1]})
		}
	}
	return out
}

// ints converts the numbers of a list to those of the wire, or back.
func ints[To, From int | int32](from []From) []To {
	to := make([]To, len(from))
	for i, n := range from {
		to[i] = To(n)
	}
	return to
}
