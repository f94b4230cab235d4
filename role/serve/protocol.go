package serve

import (
	"encoding/json"
	"fmt"

	"tandem/pipeline"
	"tandem/transport"
)

// The messages of the Open Inference Protocol, version 2: https://github.com/kserve/open-inference-protocol, and its extension
// for binary tensor data, as Triton has it.

// lengthHeader is how many bytes of a body are JSON, where binary data follows them.
const lengthHeader = "Inference-Header-Content-Length"

// version is that of every model: a file has none.
const version = "1"

type serverMetadata struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Extensions []string `json:"extensions"`
}

type modelMetadata struct {
	Name     string           `json:"name"`
	Versions []string         `json:"versions"`
	Platform string           `json:"platform"`
	Inputs   []tensorMetadata `json:"inputs"`
	Outputs  []tensorMetadata `json:"outputs"`
}

type tensorMetadata struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"` // the first is -1: the rows of a request
}

// metadataOf describes tensors.
func metadataOf(tensors []pipeline.Tensor) []tensorMetadata {
	list := []tensorMetadata{}
	for _, t := range tensors {
		list = append(list, tensorMetadata{t.Name, typeOf(t.Type).name, append([]int{-1}, t.Shape...)})
	}
	return list
}

type inferRequest struct {
	ID         string            `json:"id"`
	Parameters requestParameters `json:"parameters"`
	Inputs     []requestInput    `json:"inputs"`
	Outputs    []requestOutput   `json:"outputs"`
}

// dimensions are those of a tensor. They are counted before room is made for them.
type dimensions []int

// UnmarshalJSON reads a text that is well-formed.
func (d *dimensions) UnmarshalJSON(text []byte) error {
	if most := transport.MaxTensors; entries(text, 1, most) > most {
		return fmt.Errorf("the list %.40s… has more than %d entries", text, most)
	}
	return json.Unmarshal(text, (*[]int)(d))
}

// entries counts those of each list at a depth of a JSON text by their commas, and returns how many the last one has, or, as soon
// as one has more than most, that it has one more.
func entries(text []byte, at, most int) int {
	n, depth, list, quoted := 1, 0, false, false
	for i := 0; i < len(text) && n <= most; i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth == at {
				n, list = 1, c == '['
			}
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == at && list:
			n++
		}
	}
	return n
}

// requestParameters are those that mean something here; others are ignored.
type requestParameters struct {
	BinaryOutputs bool `json:"binary_data_output"`
}

type requestInput struct {
	Name       string          `json:"name"`
	Datatype   string          `json:"datatype"`
	Shape      dimensions      `json:"shape"`
	Data       json.RawMessage `json:"data"`
	Parameters inputParameters `json:"parameters"`
}

type inputParameters struct {
	BinarySize *int `json:"binary_data_size"` // bytes of the body that are its values
}

type requestOutput struct {
	Name       string           `json:"name"`
	Parameters outputParameters `json:"parameters"`
}

type outputParameters struct {
	Binary         *bool `json:"binary_data"`    // nil: as the request says of all
	Classification int   `json:"classification"` // 0: not wanted
}

type inferResponse struct {
	Model   string           `json:"model_name"`
	Version string           `json:"model_version"`
	ID      string           `json:"id,omitempty"`
	Outputs []responseOutput `json:"outputs"`
}

type responseOutput struct {
	Name       string            `json:"name"`
	Datatype   string            `json:"datatype"`
	Shape      []int             `json:"shape"`
	Parameters *binaryParameters `json:"parameters,omitempty"`
	Data       json.RawMessage   `json:"data,omitempty"`
}

type binaryParameters struct {
	BinarySize int `json:"binary_data_size"`
}

type errorResponse struct {
	Error string `json:"error"`
}
