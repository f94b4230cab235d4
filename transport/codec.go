package transport

import (
	"bytes"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"tandem/transport/wire"
)

// A frame without data has two bytes on the wire, or three in JSON, and some 300 in memory. So the frames of a message,
// and the dimensions of each, are counted before room is made for them: what is in memory stays in proportion to the
// bytes that came in.

// maxFrames is how many frames a message may bring. A hop sends 16 at most.
const maxFrames = 256

// The messages' fields that repeat (tandem.proto).
const (
	framesField   = 3 // of a push
	shapeField    = 3 // of a frame
	feedbackField = 1 // of a push's answer
)

// maxOpening is how many bytes a message that opens a run may have, either way.
const maxOpening = 64 << 10

var errTooMany = fmt.Errorf("it has more than %d frames, or a frame more than %d dimensions: send them in several calls", maxFrames, maxDims)

// boundedProto is Connect's own codec for protobuf but for the counting.
type boundedProto struct{}

var _ connect.Codec = boundedProto{}

func (boundedProto) Name() string { return "proto" }

func (boundedProto) Marshal(m any) ([]byte, error) { return proto.Marshal(m.(proto.Message)) }

// MarshalAppend lets Connect use its buffers again.
func (boundedProto) MarshalAppend(b []byte, m any) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(b, m.(proto.Message))
}

func (boundedProto) Unmarshal(b []byte, m any) error {
	switch m.(type) {
	case *wire.PushRequest:
		if !fewFrames(b) {
			return errTooMany
		}
	case *wire.PushResponse:
		if n := count(b, feedbackField); n > maxFrames {
			return fmt.Errorf("it has %d feedbacks: %d are allowed", n, maxFrames)
		}
	case *wire.OpenResponse:
		if len(b) > maxOpening {
			return fmt.Errorf("it has %d bytes: %d are allowed", len(b), maxOpening)
		}
	}
	return proto.Unmarshal(b, m.(proto.Message))
}

// fewFrames reports whether a push has no more frames than it may, and these no more dimensions. What is broken
// otherwise is found by the decoder.
func fewFrames(push []byte) bool {
	frames, few := 0, true
	eachField(push, framesField, func(frame []byte) {
		frames++
		dims := 0
		eachField(frame, shapeField, func(packed []byte) { dims += max(1, len(packed)) })
		few = few && dims <= maxDims*maxVarint
	})
	return few && frames <= maxFrames
}

// count is how often a field occurs.
func count(b []byte, field protowire.Number) int {
	n := 0
	eachField(b, field, func([]byte) { n++ })
	return n
}

// maxVarint is the most bytes that a number takes.
const maxVarint = 10

// eachField visits each occurrence of a field: its bytes, or nil where it is a number.
func eachField(b []byte, field protowire.Number, visit func([]byte)) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return
		}
		if number == field {
			value, _ := protowire.ConsumeBytes(b[:n]) // nil where it is something else
			if kind != protowire.BytesType {
				value = nil
			}
			visit(value)
		}
		b = b[n:]
	}
}

// boundedJSON is the same for JSON. Connect knows it by two names.
type boundedJSON struct{ name string }

var _ connect.Codec = boundedJSON{}

func (c boundedJSON) Name() string { return c.name }

func (boundedJSON) Marshal(m any) ([]byte, error) { return protojson.Marshal(m.(proto.Message)) }

func (boundedJSON) Unmarshal(b []byte, m any) error {
	if len(b) == 0 {
		return errors.New("it is empty, and no JSON object")
	}
	// Every frame has a brace, and every dimension but the first of each shape a comma. There are few others.
	const others = 64
	braces, commas := bytes.Count(b, []byte("{")), bytes.Count(b, []byte(","))
	if _, push := m.(*wire.PushRequest); push && (braces > maxFrames+others || commas > maxFrames*(maxDims+10)+others) {
		return errTooMany
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, m.(proto.Message))
}
