package transport

import (
	"bytes"
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
		frames := []pipeline.Frame{{ID: 1, Shape: []int{2}, Data: []float32{1, 2}, Label: 3, Since: time.Now()}}
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
			n := 1
			for _, d := range frame.Shape {
				n *= d
			}
			if n != len(frame.Data) || n < 1 {
				t.Errorf("shape %v, %d values", frame.Shape, len(frame.Data))
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

// FuzzStatus decodes any text as live figures. What is taken must survive another way over the wire, as nodes send on
// what they have heard.
func FuzzStatus(f *testing.F) {
	f.Add(statusToWire([]pipeline.Status{{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast"}, Decisions: map[strategy.Reason]int64{strategy.HopDown: 1}}}}, maxStatusBytes))
	f.Add(liveToWire(&pipeline.Live{Rate: 33.3}))
	f.Add(`[{"role":"slow","rate_in":1e308}]`)
	f.Add(`[null]`)
	f.Fuzz(func(t *testing.T, text string) {
		if statuses, err := statusFromWire(text); err == nil {
			again, err := statusFromWire(statusToWire(statuses, maxStatusBytes))
			if err != nil || len(again) > len(statuses) {
				t.Errorf("what was taken is refused the second time: %v", err)
			}
		}
		if l, err := liveFromWire(text); err == nil {
			if again, err := liveFromWire(liveToWire(l)); err != nil || l != nil && *again != *l {
				t.Errorf("%+v became %+v: %v", l, again, err)
			}
		}
	})
}
