package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// boundedProto is Connect's own codec for protobuf, but that it refuses what would take too much memory.
type boundedProto struct{}

var _ connect.Codec = boundedProto{}

func (boundedProto) Name() string { return "proto" }

func (boundedProto) Marshal(m any) ([]byte, error) { return proto.Marshal(m.(proto.Message)) }

// MarshalAppend lets Connect use its buffers again.
func (boundedProto) MarshalAppend(b []byte, m any) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(b, m.(proto.Message))
}

func (boundedProto) Unmarshal(b []byte, m any) error {
	message := m.(proto.Message)
	if err := fits(b, message.ProtoReflect().Descriptor()); err != nil {
		return err
	}
	return proto.Unmarshal(b, message)
}

// boundedJSON is the same for JSON. Connect knows it by two names.
type boundedJSON struct{ name string }

var _ connect.Codec = boundedJSON{}

func (c boundedJSON) Name() string { return c.name }

func (boundedJSON) Marshal(m any) ([]byte, error) { return protojson.Marshal(m.(proto.Message)) }

// maxTokens is how many names, values and brackets a JSON message may have.
const maxTokens = 1 << 16

func (boundedJSON) Unmarshal(b []byte, m any) error {
	if len(b) == 0 {
		return errors.New("it is empty, and no JSON object")
	}
	tokens := json.NewDecoder(bytes.NewReader(b))
	for n := 0; ; n++ {
		if _, err := tokens.Token(); err != nil { // its end, or what the decoder finds too
			break
		}
		if n == maxTokens {
			return fmt.Errorf("it has more than %d names and values: send them in several calls", maxTokens)
		}
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, m.(proto.Message))
}
