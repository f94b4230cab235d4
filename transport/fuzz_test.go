package transport

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"tandem/pipeline"
	"tandem/strategy"
	"tandem/transport/wire"
)

// FuzzFrames decodes any bytes as a push. What is taken must be whole and finite, and survive another way over the wire.
func FuzzFrames(f *testing.F) {
	for _, format := range formats {
		frames := []pipeline.Frame{{ID: 1, Shapes: [][]int{{2}}, Data: []float32{1, 2}, Label: 3, Since: time.Now()},
			{ID: 2, Shapes: [][]int{{2, 1}, {1}, {3}}, Data: []float32{1, 2, 3, 4, 5, 6}, Label: pipeline.NoLabel, Since: time.Now()}}
		good, err := proto.Marshal(&wire.PushRequest{Run: "r", From: "me", Frames: framesToWire(frames, format, time.Now())})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(good)
		f.Add(good[:len(good)-3])
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var m wire.PushRequest
		if proto.Unmarshal(b, &m) != nil {
			return
		}
		now := time.Now()
		frames, err := framesFromWire(m.GetFrames(), now)
		if err != nil {
			return
		}
		for i, frame := range frames {
			n := 0
			for _, shape := range frame.Shapes {
				n += pipeline.Volume(shape)
			}
			if n != len(frame.Data) || n < 1 || len(frame.Shapes) > MaxTensors {
				t.Errorf("shapes %v, %d values", frame.Shapes, len(frame.Data))
			}
			for _, v := range frame.Data {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Errorf("value %v was taken", v)
				}
			}
			if sent := m.GetFrames()[i]; sent.GetEncoding() == wire.Encoding_FLOAT32 && !bytes.Equal(bytesOf(frame.Data), sent.GetData()) {
				t.Error("the data changed on the way")
			}
		}
		again, err := framesFromWire(framesToWire(frames, Float32, now), now)
		if err != nil || len(again) != len(frames) {
			t.Errorf("a frame that was taken is refused the second time: %v", err)
		}
	})
}

// FuzzStatus decodes any bytes as live figures, ledgers and reports. What is taken must survive another way over the wire,
// as nodes send on what they were told.
func FuzzStatus(f *testing.F) {
	seed := func(m proto.Message) {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	seed(&wire.PushRequest{Run: "r", Status: statusToWire([]pipeline.Status{{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast"}, Decisions: map[strategy.Reason]int64{strategy.HopDown: 1}}}}, maxStatusBytes)})
	seed(&wire.PushRequest{Run: "r", Status: []*wire.Status{{Ledger: &wire.Ledger{Role: "slow"}, RateIn: 1e308}, {}}})
	seed(&wire.PushResponse{Live: &wire.Live{Rate: 33.3}})
	seed(&wire.CloseRequest{Nodes: []*wire.Ledger{{Role: "fast", Gone: []uint64{1, 5, 7, 7}, Handed: []*wire.Handover{{Life: "x", Frames: []uint64{5, 0}}}}}})
	seed(&wire.CloseResponse{Report: &wire.Report{Run: "r", Unaccounted: -13, LatencyMs: &wire.Latency{P50: 3}, Nodes: []*wire.Ledger{{Role: "end"}}}})
	decodes := func(b []byte, m proto.Message) bool { return boundedProto{}.Unmarshal(b, m) == nil && check(m) == nil }
	f.Fuzz(func(t *testing.T, b []byte) {
		if push := new(wire.PushRequest); decodes(b, push) {
			if statuses, err := statusFromWire(push.GetStatus()); err == nil {
				again, err := statusFromWire(statusToWire(statuses, maxStatusBytes))
				if err != nil || len(again) > len(statuses) {
					t.Errorf("what was taken is refused the second time: %v", err)
				}
			}
		}
		if push := new(wire.PushResponse); decodes(b, push) && push.Live != nil {
			push.Live.ProtoReflect().SetUnknown(nil)
			var l pipeline.Live
			m := new(wire.Live)
			if err := errors.Join(convert(push.Live, &l), convert(l, m)); err != nil || !proto.Equal(push.Live, m) {
				t.Errorf("%v became %v: %v", push.Live, m, err)
			}
		}
		if end := new(wire.CloseRequest); decodes(b, end) {
			for _, m := range end.GetNodes() {
				sent := proto.CloneOf(m)
				e, err := ledgerFromWire(m)
				if err != nil {
					continue
				}
				if again, err := ledgerToWire(e); err != nil || check(again) != nil || again.GetReceived() != sent.GetReceived() {
					t.Errorf("%v became %v: %v", sent, again, err)
				}
			}
		}
		if end := new(wire.CloseResponse); decodes(b, end) && end.Report != nil {
			var r pipeline.Report
			m := new(wire.Report)
			if err := errors.Join(convert(end.Report, &r), convert(r, m)); err != nil || check(m) != nil {
				t.Errorf("%v became %v: %v", end.Report, m, err)
			}
		}
	})
}
